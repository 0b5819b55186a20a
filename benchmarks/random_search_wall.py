"""The wall time of our random search on a real model server, against DSPy's BootstrapFewShotWithRandomSearch.

    python -m benchmarks.random_search_wall --serve qwen2.5-coder-0.5b
    python -m benchmarks.random_search_wall --base-url http://127.0.0.1:8000/v1 --model NAME [--api-key-env VARIABLE]

Both get the same rows, seeds and settings, ask the same server at the same concurrency, and ask nothing twice. DSPy
scores each candidate with as many threads as ours has, but bootstraps one question at a time and one candidate after
the other. Greedy answers vary a little with the composition of batches, so that near a tie the winner may be another;
whether it is the same is printed.

With --assert the exit code is 1 when the median wall time of ours is above a third of DSPy's.
"""

from __future__ import annotations

from collections.abc import Sequence

import dspy

from benchmarks import chain, compiling
from dspysota.approaches import random_search
from dspysota.compiling.job import Job

BAR = 1 / 3


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints every pass, the ratio and whether the winner was the same; returns the exit code."""
    parser = compiling.parser("Our random search against DSPy's on a real server.", BAR)
    parser.add_argument("--candidates", type=int, default=8, help="num_candidate_programs")
    options = parser.parse_args(arguments)
    settings = {**random_search.DEFAULTS, "num_candidate_programs": options.candidates}

    def ours(job: Job) -> dspy.Module:
        return random_search.searched(job, settings).outcome.module

    def theirs(job: Job) -> dspy.Module:
        with compiling.as_dspy_does(job):
            search = dspy.BootstrapFewShotWithRandomSearch(
                metric=job.marks, num_threads=options.concurrency, **settings
            )
            return search.compile(job.student(), trainset=job.examples(), valset=job.held_out())

    found = compiling.measured(options, ours, theirs)
    ratio = compiling.report(found)
    same = sum(one.shown == other.shown for one, other in zip(found["ours"], found["dspy"], strict=True))
    print(f"same winner: {same} of {options.rounds}")
    return int(options.check and ratio > BAR)


if __name__ == "__main__":
    raise SystemExit(chain.quietly(main))
