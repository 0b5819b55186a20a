"""What our loop adds to the wall time on a real model server, against a bare client that sends the same requests.

    python -m benchmarks.server_wall --serve qwen2.5-coder-0.5b
    python -m benchmarks.server_wall --base-url http://127.0.0.1:8000/v1 --model NAME [--api-key-env VARIABLE]

Passes alternate: ours, bare, ours, bare, … (each pair in the other order than the last), the same questions at the same
concurrency. One unmeasured pass goes ahead, so that every measured pass finds the prompts in the server's prefix cache
(the table shows how many tokens it found). Greedy answers still vary a little with the composition of batches, so
completion tokens are shown too, and the ratio of seconds per token beside the ratio of seconds.

With --assert the exit code is 1 when the median wall time of ours is above 1.05 of the bare client's.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from benchmarks import chain
from benchmarks.bare import BareClient, Pass, middle, table, timed
from dspysota import catalog, models, serving, tasks
from dspysota.records import Example
from dspysota.tasks import DataSource

BAR = 1.05


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints every pass and both ratios; returns the exit code."""
    options = _options(arguments)
    rows = tasks.get("gsm8k").load(DataSource.from_environment(options.data), seed=chain.SEED).take(options.questions)
    with endpoint(options) as found:
        passes = _measure(found, rows, options.concurrency, options.rounds)
    print(_table(passes))
    ratio = middle(passes["ours"]) / middle(passes["bare"])
    per_token = _per_token(passes["ours"]) / _per_token(passes["bare"])
    print(f"\nours / bare: {ratio:.3f} in wall seconds, {per_token:.3f} in seconds per completion token (medians)")
    return int(options.check and ratio > BAR)


@contextmanager
def endpoint(options: argparse.Namespace) -> Iterator[serving.Endpoint]:
    """The server that the options name, started if it has to be."""
    if options.base_url is not None:
        yield serving.connect(options.model, options.base_url, options.api_key_env)
        return
    spec = catalog.find(options.serve)
    weights = models.ensure(spec)
    flags = serving.ServerOptions(max_num_seqs=max(64, options.concurrency))
    with serving.lease(spec, weights.path, weights.digest, options=flags) as found:
        yield found


def _measure(
    endpoint: serving.Endpoint, rows: Sequence[Example], concurrency: int, rounds: int
) -> dict[str, list[Pass]]:
    solve = chain.make_solver(endpoint.base_url, endpoint.served_name, endpoint.api_key, concurrency)
    bare = BareClient(endpoint.base_url, endpoint.api_key)
    bodies = chain.bodies(rows, endpoint.served_name)
    clients = {
        "ours": lambda: chain.tokens(chain.measure(solve, rows, concurrency)),
        "bare": lambda: bare.send(bodies, concurrency),
    }
    bare.send(bodies, concurrency)
    passes: dict[str, list[Pass]] = {"ours": [], "bare": []}
    for number in range(rounds):
        for name in ("ours", "bare") if number % 2 == 0 else ("bare", "ours"):
            passes[name].append(timed(clients[name]))
            print(f"pass {number + 1}, {name}: {passes[name][-1].wall:.2f} s", flush=True)
    return passes


def _table(passes: dict[str, list[Pass]]) -> str:
    rows = [
        [f"{name} {number}", f"{one.wall:.2f}", f"{one.cpu:.2f}", str(one.tokens), str(one.cached)]
        for name, some in passes.items()
        for number, one in enumerate(some, 1)
    ]
    return table(["pass", "wall s", "client CPU s", "completion tokens", "cached tokens"], rows)


def _per_token(passes: Sequence[Pass]) -> float:
    return median(one.wall / max(one.tokens, 1) for one in passes)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Our wall time on a real server against a bare client's.")
    add_where(parser)
    parser.add_argument("--questions", type=int, default=100)
    parser.add_argument("--concurrency", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--assert", dest="check", action="store_true", help=f"fail above a ratio of {BAR}")
    return parser.parse_args(arguments)


def add_where(parser: argparse.ArgumentParser) -> None:
    """Adds the options that say which server is asked, and which rows."""
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--serve", metavar="NAME", help="start this model of the catalog")
    where.add_argument("--base-url", metavar="URL", help="use a running OpenAI-compatible server")
    parser.add_argument("--model", default="fake", help="served name, with --base-url")
    parser.add_argument("--api-key-env", metavar="VARIABLE", help="environment variable that holds the key")
    parser.add_argument("--data", type=Path, default=os.environ.get("DSPYSOTA_DATA"), help="folder of benchmark rows")


if __name__ == "__main__":
    raise SystemExit(chain.quietly(main))
