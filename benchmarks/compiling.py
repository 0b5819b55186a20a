"""What the benchmarks of compilations share: two ways to the same program, timed on the same rows of GSM8K."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from typing import Any

import dspy

from benchmarks import chain
from benchmarks.bare import table
from benchmarks.server_wall import add_where, endpoint
from dspysota import programs, serving, tasks
from dspysota.compiling.job import Job, make_job
from dspysota.compiling.optimizing import quiet
from dspysota.compiling.tape import Tape
from dspysota.records import Budget, Usage
from dspysota.tasks import DataSource, Splits

Way = Callable[[Job], dspy.Module]
"""Makes a program."""


@dataclass(frozen=True)
class Compiled:
    """A program that was made, in how many seconds on the wall, by how many requests and completion tokens (None: the
    server did not report them)."""

    module: dspy.Module
    wall: float
    calls: int
    tokens: int | None

    @property
    def shown(self) -> list[list[Mapping[str, Any]]]:
        """The demonstrations of each predictor."""
        return [[dict(demo) for demo in predictor.demos] for predictor in self.module.predictors()]


def parser(description: str, bar: float) -> argparse.ArgumentParser:
    """A parser with the options that all of these benchmarks have."""
    made = argparse.ArgumentParser(description=description)
    add_where(made)
    made.add_argument("--train", type=int, default=96, metavar="ROWS", help="training rows")
    made.add_argument("--validation", type=int, default=48, metavar="ROWS", help="validation rows")
    made.add_argument("--seed", type=int, default=chain.SEED, help="of the rows and of the model")
    made.add_argument("--concurrency", type=int, default=32, help="requests at a time, and threads of DSPy's own")
    made.add_argument("--rounds", type=int, default=1)
    made.add_argument("--assert", dest="check", action="store_true", help=f"fail above a ratio of {bar:.3f}")
    return made


def measured(options: argparse.Namespace, ours: Way, theirs: Way) -> dict[str, list[Compiled]]:
    """Goes both ways in turn, ours first in every round: what the server remembers of prompts is DSPy's advantage."""
    splits = tasks.get("gsm8k").load(DataSource.from_environment(options.data), seed=options.seed).splits
    found: dict[str, list[Compiled]] = {"ours": [], "dspy": []}
    with endpoint(options) as server:
        for number in range(options.rounds):
            for name, way in (("ours", ours), ("dspy", theirs)):
                found[name].append(_timed(way, server, splits, options))
                print(f"pass {number + 1}, {name}: {found[name][-1].wall:.2f} s", flush=True)
    return found


def report(found: Mapping[str, Sequence[Compiled]]) -> float:
    """Prints every pass and the ratio of the medians, ours to DSPy's; returns it."""
    rows = [
        [f"{name} {number}", f"{one.wall:.2f}", str(one.calls), str(one.tokens)]
        for name, some in found.items()
        for number, one in enumerate(some, 1)
    ]
    print(table(["pass", "wall s", "requests", "completion tokens"], rows))
    ratio = median(one.wall for one in found["ours"]) / median(one.wall for one in found["dspy"])
    print(f"\nours / dspy: {ratio:.3f} in wall seconds (medians)")
    return ratio


@contextmanager
def as_dspy_does(job: Job) -> Iterator[None]:
    """DSPy's settings without anything of ours but the door to the model and the plain adapter."""
    settings = {"lm": job.lm, "adapter": programs.make_adapter("plain"), "disable_history": True, "max_errors": 10**9}
    with quiet(), dspy.context(**settings):
        yield


def _timed(way: Way, server: serving.Endpoint, splits: Splits, options: argparse.Namespace) -> Compiled:
    task = tasks.get("gsm8k")
    lm = programs.make_lm(
        server.base_url,
        server.served_name,
        server.api_key,
        max_tokens=task.max_tokens,
        seed=options.seed,
        timeout=3600.0,
        concurrency=options.concurrency,
    )
    # In both ways a tape of its own stands for DSPy's cache: a request that was made is not made again.
    with Tape(None, Budget(), concurrency=options.concurrency) as tape:
        job = make_job(
            task="gsm8k",
            program="cot",
            adapter_name="plain",
            train=splits.train[: options.train],
            validation=splits.validation[: options.validation],
            score=lambda example, prediction, output: task.score(example, prediction, output)[task.primary],
            lm=lm,
            tape=tape,
            concurrency=options.concurrency,
        )
        start = time.perf_counter()
        module = way(job)
        wall = time.perf_counter() - start
        phases = tape.phases()
    usage = sum((phase.usage for phase in phases), Usage())
    return Compiled(module, wall, sum(phase.calls for phase in phases), usage.completion_tokens)
