"""Instructions that a model proposes and improves, one predictor at a time (DSPy's COPRO).

COPRO needs no training rows: what it calls its trainset is only what it scores on, and gets the validation rows here.
"""

from collections.abc import Mapping
from typing import Any

import dspy

from dspysota.compiling.job import Job, Outcome
from dspysota.compiling.optimizing import optimize

ASKS_MODEL = True

DEFAULTS: Mapping[str, Any] = {"breadth": 5, "depth": 2, "init_temperature": 1.4}
"""Of `dspy.COPRO`, at half the breadth: 10 programs are scored where there is one predictor, 30 where there are two."""

LEAST: Mapping[str, float] = {"breadth": 2, "depth": 1, "init_temperature": 0.0}

MOST: Mapping[str, float] = {"init_temperature": 2.0}
"""Above that, servers refuse it."""


def apply(job: Job) -> Outcome:
    """Return the program with the best instructions that were found. Raises ProgramError as `optimize` does."""
    settings = job.chosen(DEFAULTS, LEAST, MOST)

    def search() -> dspy.Module:
        optimizer = dspy.COPRO(prompt_model=job.proposer, metric=job.marks, **settings)
        return optimizer.compile(job.student(), trainset=job.held_out(), eval_kwargs={"num_threads": job.concurrency})

    return optimize(job, search)
