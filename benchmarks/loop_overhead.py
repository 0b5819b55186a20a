"""What the evaluation costs besides the model: questions a second against an instant server, in its own process.

    python -m benchmarks.loop_overhead [--questions 500] [--concurrency 32] [--rounds 3] [--assert]

Three clients answer the same made-up questions, in turns: ours (loop, journal, DSPy chain of thought, our door to the
model, metric), `dspy.Evaluate` with DSPy's stock LM and its default adapter, and a bare urllib3 client that posts the
bodies of ours. With --assert the exit code is 1 when ours stays below 300 questions a second in its best round.
"""

from __future__ import annotations

import argparse
import logging
import os
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from typing import Any

from benchmarks import chain
from benchmarks.bare import BareClient, Pass, table, timed
from dspysota.records import Example
from dspysota.testing import FakeServer

BAR = 300.0
"""Questions a second that ours must reach, at 32 at once on two cores."""

STEPS = "There are 3 crates with 14 jars each. 3 * 14 = 42. None of them broke on the way to the market."
PLAIN = f"{STEPS}\n#### 42"
CHAT = f"[[ ## reasoning ## ]]\n{STEPS}\n\n[[ ## answer ## ]]\n42\n\n[[ ## completed ## ]]"

Client = Callable[[], tuple[int, int]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the table; returns the exit code."""
    options = _options(arguments)
    rows = chain.made_up(options.questions)
    with ExitStack() as stack:
        plain = stack.enter_context(FakeServer.process(PLAIN))
        chat = stack.enter_context(FakeServer.process(CHAT))
        clients = _clients(plain.base_url, chat.base_url, rows, options.concurrency)
        for client in clients.values():  # connections, imports and caches are then as they stay
            client()
        rounds = [{name: timed(client) for name, client in clients.items()} for _ in range(options.rounds)]
    passes = {name: [each[name] for each in rounds] for name in clients}
    print(_table(passes, options.questions))
    ours = options.questions / min(one.wall for one in passes["dspysota"])
    if options.check and ours < BAR:
        print(f"\ndspysota answered {ours:.0f} questions a second; the bar is {BAR:.0f}.")
        return 1
    return 0


def _clients(plain: str, chat: str, rows: Sequence[Example], concurrency: int) -> dict[str, Client]:
    solve = chain.make_solver(plain, "fake", None, concurrency)
    bare, bodies = BareClient(plain), chain.bodies(rows, "fake")
    return {
        "dspysota": lambda: chain.tokens(chain.measure(solve, rows, concurrency)),
        "dspy.Evaluate": _stock(chat, rows, concurrency),
        "bare urllib3": partial(bare.send, bodies, concurrency),
    }


def _stock(base_url: str, rows: Sequence[Example], concurrency: int) -> Client:
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")  # no price list from the network
    import dspy

    logging.getLogger("dspy.evaluate.evaluate").setLevel(logging.WARNING)
    lm = dspy.LM("hosted_vllm/fake", api_base=base_url, api_key="EMPTY", cache=False, max_tokens=320, temperature=0.0)
    devset = [dspy.Example(question=row.question, answer=row.gold).with_inputs("question") for row in rows]
    program = dspy.ChainOfThought("question -> answer")

    def right(example: Any, prediction: Any, trace: Any = None) -> bool:
        return bool(example.answer == prediction.answer)

    def run() -> tuple[int, int]:
        with dspy.context(lm=lm):
            result = dspy.Evaluate(devset=devset, metric=right, num_threads=concurrency, display_progress=False)(
                program
            )
        if result.score != 100.0:
            raise RuntimeError(f"dspy.Evaluate scored {result.score} on answers that are all right.")
        return 0, 0

    return run


def _table(passes: dict[str, list[Pass]], questions: int) -> str:
    best = {name: min(each.wall for each in some) for name, some in passes.items()}
    rows = [
        [
            name,
            f"{questions / best[name]:.0f}",
            " ".join(f"{questions / each.wall:.0f}" for each in some),
            f"{min(each.cpu for each in some) / questions * 1000:.2f}",
            f"{best['dspy.Evaluate'] / best[name]:.2f}",
            f"{best['bare urllib3'] / best[name]:.2f}",
        ]
        for name, some in passes.items()
    ]
    return table(["client", "questions/s", "each round", "CPU ms each", "x dspy.Evaluate", "x bare"], rows)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Questions a second of the whole chain against an instant server.")
    parser.add_argument("--questions", type=int, default=500)
    parser.add_argument("--concurrency", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--assert", dest="check", action="store_true", help=f"fail below {BAR:.0f} questions/s")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    raise SystemExit(chain.quietly(main))
