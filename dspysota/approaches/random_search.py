"""The best of several bootstrapped programs (DSPy's BootstrapFewShotWithRandomSearch), all of them made at once.

The candidates are the program as it is, with labels only (the same again, where there are none), bootstrapped from the
rows as they come, and bootstrapped from shuffled rows; the first of those with the highest score wins.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import dspy

from dspysota.compiling.fit import Fitting
from dspysota.compiling.job import Job, Outcome
from dspysota.compiling.optimizing import optimize, watch
from dspysota.compiling.search import ConcurrentRandomSearch, Scored

ASKS_MODEL = True

DEFAULTS: Mapping[str, Any] = {
    "num_candidate_programs": 8,
    "max_bootstrapped_demos": 4,
    "max_labeled_demos": 0,
    "max_rounds": 1,
    "metric_threshold": 1.0,
}
"""Of `dspy.BootstrapFewShotWithRandomSearch`; it makes three programs more than the first number says."""

LEAST: Mapping[str, float] = {
    "num_candidate_programs": 0,
    "max_bootstrapped_demos": 1,
    "max_labeled_demos": 0,
    "max_rounds": 1,
    "metric_threshold": 0.0,
}
"""The smallest values that make sense."""

MOST: Mapping[str, float] = {"metric_threshold": 1.0}
"""The largest ones."""


def apply(job: Job) -> Outcome:
    """Return the winner on the validation rows. Raises ProgramError where the budget does not even suffice for one."""
    return searched(job, job.chosen(DEFAULTS, LEAST, MOST)).outcome


class Found(NamedTuple):
    """What a search found: the winner, every candidate scored on all rows, by their seeds, and what each of them lost
    to fit into the context."""

    outcome: Outcome
    scored: list[Scored]
    fitting: Fitting


def searched(job: Job, settings: Mapping[str, Any]) -> Found:
    """Search. Raises ProgramError as `apply` does."""
    fitting = Fitting(job)
    searches: list[ConcurrentRandomSearch] = []

    def search() -> dspy.Module:
        searches.append(_search(job, settings))
        return searches[0].compile(job.student(), trainset=job.examples(), valset=job.held_out())

    outcome = optimize(job, search, fitting)
    return Found(outcome, searches[0].scored, fitting)


def _search(job: Job, settings: Mapping[str, Any]) -> ConcurrentRandomSearch:
    return ConcurrentRandomSearch(
        # More than go to the server at once, which is the tape's affair: one that waits for the answer to a question
        # that another candidate has asked already leaves its place to the next.
        concurrency=2 * job.concurrency,
        first_alone=not _enough(job, settings),
        on_end=lambda: watch(job),
        metric=job.marks,
        teacher_settings={"lm": job.teacher},
        **settings,
    )


def _enough(job: Job, settings: Mapping[str, Any]) -> bool:
    """Return whether the budget suffices for everything that may be asked, as far as that can be told beforehand.

    With labels every candidate has prompts of its own; without, all ask the same training questions.
    """
    budget, bootstrapped = job.tape.budget, settings["num_candidate_programs"] + 1
    steps = len(job.student().predictors())
    trains = len(job.train) * settings["max_rounds"] * (bootstrapped if settings["max_labeled_demos"] else 1)
    most = steps * (trains + len(job.validation) * (bootstrapped + 2))
    bounded = any(bound is not None for bound in (budget.tokens, budget.usd, budget.minutes))
    return not bounded and (budget.calls is None or budget.calls >= most)
