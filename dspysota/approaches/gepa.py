"""Instructions rewritten by a model that reads what went wrong, kept where they win some questions (DSPy's GEPA)."""

from collections.abc import Mapping
from typing import Any

import dspy
from dspy.teleprompt.gepa.instruction_proposal import InstructionProposer

from dspysota.compiling.job import Job, Outcome
from dspysota.compiling.optimizing import optimize
from dspysota.compiling.proposals import ProposalAdapter

ASKS_MODEL = True

DEFAULTS: Mapping[str, Any] = {"max_metric_calls": 0, "reflection_minibatch_size": 3}
"""Of `dspy.GEPA`. With 0, ten times the validation rows and once the training rows: about what it calls light."""

LEAST: Mapping[str, float] = {"max_metric_calls": 0, "reflection_minibatch_size": 1}


def apply(job: Job) -> Outcome:
    """Return the program with the best instructions that were found. Raises ProgramError as `optimize` does."""
    settings = job.chosen(DEFAULTS, LEAST)
    settings["max_metric_calls"] = settings["max_metric_calls"] or 10 * len(job.validation) + len(job.train)

    def search() -> dspy.Module:
        optimizer = dspy.GEPA(
            metric=job.marks.feedback,
            reflection_lm=job.proposer,
            # Its own asks for JSON, which small models do not write.
            instruction_proposer=InstructionProposer(adapter=ProposalAdapter()),
            # Merging takes predictors in the order of a set of their names, which is another in every process: a
            # search that is continued would ask other questions. With a single predictor it does nothing.
            use_merge=False,
            num_threads=job.concurrency,
            seed=job.seed,
            **settings,
        )
        return optimizer.compile(job.student(), trainset=job.examples(), valset=job.held_out())

    return optimize(job, search)
