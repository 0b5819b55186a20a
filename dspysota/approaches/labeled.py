"""Training rows as demonstrations, with the answers of the data set (DSPy's LabeledFewShot). No model is asked.

A row has a question and an answer and nothing between them. So a program that reasons sees answers without reasoning,
which teaches small models to leave it out, and a step whose output is no answer sees nothing; take `bootstrap` or
`few_shot` for those.
"""

from collections.abc import Mapping
from typing import Any

import dspy

from dspysota.compiling.fit import fit
from dspysota.compiling.job import Job, Outcome

ASKS_MODEL = False

DEFAULTS: Mapping[str, Any] = {"k": 4}
"""Of `dspy.LabeledFewShot`: how many rows are shown, a sample that is the same every time."""


def apply(job: Job) -> Outcome:
    """Return the program with `k` training rows shown by each predictor."""
    settings = job.chosen(DEFAULTS, least={"k": 1})
    module = dspy.LabeledFewShot(**settings).compile(job.student(), trainset=job.examples())
    notes = [note for name, predictor in module.named_predictors() if (note := _missing(name, predictor))]
    return Outcome(module=module, notes=(*notes, *fit(module, job)))


def _missing(name: str, predictor: Any) -> str | None:
    """Say which fields no demonstration of a predictor has."""
    fields = [*predictor.signature.input_fields, *predictor.signature.output_fields]
    absent = [field for field in fields if predictor.demos and not any(field in demo for demo in predictor.demos)]
    if not absent:
        return None
    return f"The demonstrations of {name!r} come from labelled rows, which have no {' and no '.join(absent)}."
