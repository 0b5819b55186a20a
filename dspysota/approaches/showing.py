"""What a stored program sends to its model: seen by running it, so that it cannot drift from what is sent.

The model's place is taken by a clerk who writes every request down and answers, in the form of the adapter that asks,
with the names of the fields that are asked for; so a program of several steps gets to its last one. No server is there.
"""

from dataclasses import dataclass
from importlib import import_module

import dspy

from dspysota import tasks
from dspysota.approaches import approach
from dspysota.approaches.rendering import render
from dspysota.compiling import saved
from dspysota.compiling.clerk import Step
from dspysota.compiling.library import Stored
from dspysota.errors import ConfigError, ProgramError
from dspysota.programs import create, make_adapter
from dspysota.programs.retrieval import naming
from dspysota.records import Example


@dataclass(frozen=True, kw_only=True)
class Walk:
    """One run of a program on one question."""

    steps: tuple[Step, ...]
    missed: tuple[str, ...]
    """Predictors that the run did not come to."""
    error: str | None = None
    """What ended the run before its end."""


def rebuilt(entry: Stored) -> dspy.Module:
    """Return the program of an entry. Raises ProgramError where this version has none such, or it does not fit.

    One that searches the paragraphs of many rows gets those of the sample.
    """

    def fresh() -> dspy.Module:
        task, program = entry.part("task"), entry.part("program")
        corpus = naming.corpus(program, [sample(task)]) if task in tasks.names() else None
        return create(task, program, corpus=corpus)

    try:
        make_adapter(entry.part("adapter"))
        chosen = approach(entry.part("approach").split()[0])
        module: dspy.Module = (
            chosen.blank(entry.part("task"), fresh, entry.state) if hasattr(chosen, "blank") else fresh()
        )
    except ConfigError as error:
        raise ProgramError(f"The program {entry.meta.key[:12]!r} does not fit this dspysota: {error}") from error
    saved.restore(module, entry.state)
    return module


def sample(task: str, question: str | None = None) -> Example:
    """Return made-up inputs of a task, with another question where one is given."""
    inputs = dict(import_module(f"dspysota.programs.signatures.{task}").SAMPLE)
    return Example(id="sample", inputs={**inputs, **({"question": question} if question else {})}, gold="")


def walk(entry: Stored, question: str | None = None) -> Walk:
    """Run a program once on a made-up question, or on the one given, and return what it sends.

    Raises ProgramError where this version has no such program, or it does not fit.
    """
    module = rebuilt(entry)
    (seen,) = render(module, entry.part("adapter"), [sample(entry.part("task"), question)])
    reached = {step.predictor for step in seen.steps}
    missed = tuple(name for name, _ in module.named_predictors() if name not in reached)
    return Walk(steps=seen.steps, missed=missed, error=seen.error)
