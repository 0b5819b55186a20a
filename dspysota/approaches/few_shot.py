"""Hand-written demonstrations with reasoning, from demos/<task>.yaml. The questions are ours, none is of a data set."""

from collections.abc import Mapping
from importlib import import_module, resources
from typing import Any

import dspy
import yaml

from dspysota.compiling.fit import fit
from dspysota.compiling.job import Job, Outcome
from dspysota.errors import ProgramError

ASKS_MODEL = False


def apply(job: Job) -> Outcome:
    """Return the program with demonstrations for each of its predictors. Raises ProgramError if the task has none."""
    module = job.student()
    entries = read(job.task)
    written = import_module(f"dspysota.programs.signatures.{job.task}").demonstrations
    for name, predictor in module.named_predictors():
        # A chain of thought keeps its predictor one level down; demonstrations go by the step's name.
        predictor.demos = [dspy.Example(**demo) for demo in written(name.split(".")[0], entries)]
    return Outcome(module=module, notes=fit(module, job))


def read(task: str) -> list[Mapping[str, Any]]:
    """Return the hand-written demonstrations of a task. Raises ProgramError when there are none."""
    file = resources.files("dspysota.approaches") / "demos" / f"{task}.yaml"
    if not file.is_file():
        raise ProgramError(f"The task {task!r} has no hand-written demonstrations; write them in demos/{task}.yaml.")
    entries: list[Mapping[str, Any]] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return entries
