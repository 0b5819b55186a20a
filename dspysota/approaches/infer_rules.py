"""Rules that a model reads off the training rows, beside bootstrapped demonstrations (DSPy's InferRules).

InferRules returns the best of its candidates, even where all of them are worse than the program that it started from.
Here that one is scored, too, and taken where no rules beat it.
"""

from collections.abc import Mapping
from typing import Any

import dspy

from dspysota.compiling.concurrently import ConcurrentBootstrap
from dspysota.compiling.fit import how_many
from dspysota.compiling.job import Job, Outcome
from dspysota.compiling.optimizing import best_scored, evaluate, optimize

ASKS_MODEL = True

DEFAULTS: Mapping[str, Any] = {"num_candidates": 4, "num_rules": 10, "max_bootstrapped_demos": 4}
"""Of `dspy.InferRules`, with fewer candidates."""

LEAST: Mapping[str, float] = {"num_candidates": 1, "num_rules": 1, "max_bootstrapped_demos": 0}


class Rules(ConcurrentBootstrap, dspy.InferRules):
    """`dspy.InferRules` that bootstraps concurrently, and shows no more training rows than `shown` at once.

    DSPy's own shows all, and asks again with one less each time that the server refuses them.
    """

    shown = 0

    def get_predictor_demos(self, trainset: Any, predictor: Any) -> Any:
        """Return the rows from which rules are read."""
        return super().get_predictor_demos(trainset[: self.shown], predictor)


def apply(job: Job) -> Outcome:
    """Return the best of the programs with rules and the one without. Raises ProgramError as `optimize` does."""
    settings = job.chosen(DEFAULTS, LEAST)

    def search() -> dspy.Module:
        evaluate(job, job.student())
        rows = job.examples()
        optimizer = Rules(
            concurrency=job.concurrency,
            metric=job.marks,
            metric_threshold=1.0,
            max_labeled_demos=0,
            num_threads=job.concurrency,
            teacher_settings={"lm": job.teacher},
            **settings,
        )
        optimizer.shown = how_many([str(row.toDict()) for row in rows], job)
        optimizer.rules_induction_program.teacher_settings = {"lm": job.proposer}
        optimizer.compile(_with_own_signatures(job.student()), trainset=rows, valset=job.held_out())
        # Not what it returns: its candidates share their signatures, so the best one has the last one's rules.
        return best_scored(job)

    return optimize(job, search)


def _with_own_signatures(module: dspy.Module) -> dspy.Module:
    """Give each predictor a signature of its own: InferRules writes into them, and they are the task's."""
    for predictor in module.predictors():
        predictor.signature = predictor.signature.with_instructions(predictor.signature.instructions)
    return module
