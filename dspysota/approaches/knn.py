"""Demonstrations that are nearest to the question, from all training questions that the model answered rightly.

Like DSPy's KNNFewShot, but for two things. That one bootstraps its neighbours at every question; here all training
questions are asked once, and what was right is kept in the program, which is JSON. And its neighbours are those of all
rows, right or wrong, found by an embedding; here they are the nearest of the right ones, by BM25 between the questions.
"""

from collections.abc import Callable, Mapping
from typing import Any

import dspy

from dspysota.approaches import bootstrap
from dspysota.compiling.fit import fits
from dspysota.compiling.job import Job, Outcome
from dspysota.programs.nearest import ROW, Choice, Nearest

ASKS_MODEL = True
SELECTS = False

DEFAULTS: Mapping[str, Any] = {"k": 4, "max_rounds": 1}
"""How many are shown, and how often a training question is asked until it is answered rightly."""


def apply(job: Job) -> Outcome:
    """Ask every training question; return the program with a pool of all full-mark answers.

    Raises ProgramError when no question is answered right, or when the server answers none at all.
    """
    settings = job.chosen(DEFAULTS, least={"k": 1, "max_rounds": 1})
    k = settings.pop("k")
    every = {"max_bootstrapped_demos": max(1, len(job.train)), "max_labeled_demos": 0}
    search, _ = bootstrap.asked(job, {**settings, **every})
    notes = bootstrap.remarks(search, job)
    module = Nearest(job.student(), fits)
    room = None if job.context_length is None else job.context_length - job.max_tokens
    module.choice = Choice(k, room)
    for name, predictor in module.program.named_predictors():
        predictor.demos = [
            dspy.Example(**{**demo, ROW: job.train[place].question})
            for place, traces in search.right.items()
            for demo in traces[name]
        ]
    return Outcome(module=module, notes=tuple(notes))


def blank(task: str, fresh: Callable[[], dspy.Module], state: str) -> Nearest:
    """Return the module of any state."""
    return Nearest(fresh(), fits)
