"""Our whole chain, from example to journalled case, ready to be timed."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from dspysota import programs, tasks
from dspysota.errors import RunError
from dspysota.loop import evaluate
from dspysota.records import Answer, Case, Example
from dspysota.store import RunFolder

SEED = 0


def make_solver(base_url: str, served_name: str, api_key: str | None, concurrency: int) -> Callable[[Example], Answer]:
    """DSPy's chain of thought for GSM8K through the plain adapter and our door to the model."""
    lm = programs.make_lm(
        base_url,
        served_name,
        api_key,
        max_tokens=tasks.get("gsm8k").max_tokens,
        seed=SEED,
        timeout=3600.0,
        concurrency=concurrency,
    )
    return programs.make_solver(programs.create("gsm8k", "cot"), lm, "plain")


def measure(solve: Callable[[Example], Answer], rows: Sequence[Example], concurrency: int) -> tuple[Case, ...]:
    """One evaluation as an experiment makes it, journal and all; raises RunError when a question got no answer."""
    task = tasks.get("gsm8k")
    with tempfile.TemporaryDirectory(prefix="dspysota-benchmark-") as out:
        folder = RunFolder.open(Path(out), "benchmark")
        with folder.journal("benchmark") as journal:
            found = evaluate(
                solve,
                rows,
                task_score=task.score,
                primary=task.primary,
                complete=task.complete,
                journal=journal,
                concurrency=concurrency,
            )
    for case in found.cases:
        if case.error is not None:
            raise RunError(f"Question {case.case_id!r} got no answer: {case.error}")
    return found.cases


def tokens(cases: Sequence[Case]) -> tuple[int, int]:
    """(completion tokens, cached prompt tokens) of cases. Raises RunError where the server did not report them."""
    usages = [case.usage for case in cases]
    told = [usage.completion_tokens for usage in usages if usage.completion_tokens is not None]
    if len(told) < len(usages):
        raise RunError(f"The server reported tokens for {len(told)} of {len(usages)} questions only.")
    return sum(told), sum(usage.cached_tokens or 0 for usage in usages)


def bodies(rows: Sequence[Example], served_name: str) -> list[bytes]:
    """The very bodies that our chain sends for these rows: it is run once against a fake server that keeps them."""
    from dspysota.testing import FakeServer
    from dspysota.testing.chat import encode

    with FakeServer("#### 0", name=served_name) as server:
        measure(make_solver(server.base_url, served_name, None, 1), rows, 1)
        return [encode(request.body) for request in server.requests]


def made_up(n: int) -> list[Example]:
    """Questions of the usual length, for benchmarks in which only their number matters."""
    text = (
        "Natalia packs {a} crates with {b} jars of honey each. On the way to the market {c} jars break, and half of "
        "the rest are sold before noon at $3 a jar. How many jars had Natalia when she arrived at the market?"
    )
    return [
        Example(id=f"made-up-{i}", inputs={"question": text.format(a=i + 3, b=i % 7 + 4, c=i % 5)}, gold="42")
        for i in range(n)
    ]


def quietly(work: Callable[[], int]) -> int:
    """Exit code of `work`; Ctrl-C is no traceback."""
    with suppress(KeyboardInterrupt):
        return work()
    return 130
