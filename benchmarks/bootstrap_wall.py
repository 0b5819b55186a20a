"""The wall time of our bootstrapping on a real model server, against DSPy's BootstrapFewShot.

    python -m benchmarks.bootstrap_wall --serve qwen2.5-coder-0.5b
    python -m benchmarks.bootstrap_wall --base-url http://127.0.0.1:8000/v1 --model NAME [--api-key-env VARIABLE]

As many demonstrations are wanted as there are rows, so that both ask every row once: DSPy one at a time, ours as many
at a time as --concurrency says. Greedy answers vary a little with the composition of batches, so that single
demonstrations may differ; how many are equal is printed.

With --assert the exit code is 1 when the median wall time of ours is above a fifth of DSPy's.
"""

from __future__ import annotations

from collections.abc import Sequence

import dspy

from benchmarks import chain, compiling
from dspysota.approaches import bootstrap
from dspysota.compiling.job import Job

BAR = 1 / 5


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints every pass, the ratio and whether the demonstrations are equal; returns the exit code."""
    options = compiling.parser("Our bootstrapping against DSPy's on a real server.", BAR).parse_args(arguments)
    settings = {**bootstrap.DEFAULTS, "max_bootstrapped_demos": options.train}

    def ours(job: Job) -> dspy.Module:
        return bootstrap.asked(job, settings)[1]

    def theirs(job: Job) -> dspy.Module:
        with compiling.as_dspy_does(job):
            search = dspy.BootstrapFewShot(metric=job.marks, metric_threshold=1.0, **settings)
            return search.compile(job.student(), trainset=job.examples())

    found = compiling.measured(options, ours, theirs)
    ratio = compiling.report(found)
    for one, other in zip(found["ours"], found["dspy"], strict=True):
        (mine,), (their,) = one.shown, other.shown
        equal = sum(demo in their for demo in mine)
        print(f"demonstrations: {'equal' if mine == their else 'not equal'}; {equal} of {len(mine)} and {len(their)}")
    return int(options.check and ratio > BAR)


if __name__ == "__main__":
    raise SystemExit(chain.quietly(main))
