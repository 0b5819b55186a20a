"""Demonstrations and advice from the questions that a program answers now right, now wrong (DSPy's SIMBA).

SIMBA selects on its training rows. The programs that won there are scored on the validation rows afterwards, like the
one it started from, and the best of them is taken.
"""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

import dspy

from dspysota.compiling.fit import Fitting
from dspysota.compiling.job import Job, Outcome
from dspysota.compiling.optimizing import best_scored, evaluate, optimize

ASKS_MODEL = True

DEFAULTS: Mapping[str, Any] = {"bsize": 16, "num_candidates": 4, "max_steps": 4, "max_demos": 4}
"""Of `dspy.SIMBA`, but smaller, so that the usual budget holds it: about 1,300 questions instead of 4,000."""

LEAST: Mapping[str, float] = {"bsize": 1, "num_candidates": 1, "max_steps": 1, "max_demos": 0}


def apply(job: Job) -> Outcome:
    """Return the best of SIMBA's programs. Its batches are no larger than there are training rows.

    When the budget ends before its programs could be scored, that is the program it started from. Raises ProgramError
    as `optimize` does.
    """
    settings = job.chosen(DEFAULTS, LEAST)
    settings["bsize"] = min(settings["bsize"], len(job.train))
    fitting = Fitting(job)

    def search() -> dspy.Module:
        evaluate(job, job.student())
        optimizer = dspy.SIMBA(
            metric=job.marks,
            prompt_model=job.proposer,
            # A copy: SIMBA marks the teacher as a rollout. The teacher answers first, the model itself thereafter.
            teacher_settings={"lm": job.teacher.copy()},
            num_threads=job.concurrency,
            **settings,
        )
        optimizer.strategies = [_cut(strategy, fitting) for strategy in optimizer.strategies]
        found = optimizer.compile(job.student(), trainset=job.examples(), seed=job.seed)
        for candidate in found.candidate_programs:
            evaluate(job, candidate["program"])
        return best_scored(job)

    return optimize(job, search, fitting)


def _cut(strategy: Callable[..., bool], fitting: Fitting) -> Callable[..., bool]:
    """Return a strategy of SIMBA's after which the candidate is cut to the context: SIMBA tries it on training rows,
    which no evaluation of DSPy's tells."""

    @wraps(strategy)
    def cut(bucket: Any, candidate: dspy.Module, **values: Any) -> bool:
        changed = strategy(bucket, candidate, **values)
        fitting.cut(candidate)
        return changed

    return cut
