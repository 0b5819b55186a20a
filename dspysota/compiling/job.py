"""What an approach is given, and what it gives back."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import dspy

from dspysota.compiling import questions
from dspysota.compiling.board import Board
from dspysota.compiling.lesson import Lesson, Trainer
from dspysota.compiling.progress import Progress
from dspysota.compiling.proposals import Switch
from dspysota.compiling.rows import Marks, Primary, asked
from dspysota.compiling.tape import Tape
from dspysota.compiling.taped import taped
from dspysota.errors import ConfigError
from dspysota.programs import create, make_adapter
from dspysota.programs.retrieval.corpus import Corpus
from dspysota.records import Example


@dataclass(frozen=True, kw_only=True)
class Job:
    """One program to prepare. `score` is the primary metric, in [0, 1], of (example, prediction, raw output)."""

    task: str
    program: str
    adapter_name: str
    train: tuple[Example, ...]
    """What may be asked and shown."""
    validation: tuple[Example, ...] = ()
    """What candidates are chosen by; never shown."""
    score: Primary
    lm: Any
    """The model that the program is for; like the two below it asks by way of the tape."""
    teacher: Any
    """The model whose answers become demonstrations: the same one, unless another was named."""
    proposer: Any
    """The model that writes instructions: the teacher, its answers read leniently."""
    tape: Tape
    board: Board
    """What was scored so far."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """The approach's own settings; what is not named keeps its default."""
    seed: int = 0
    concurrency: int = 1
    context_length: int | None = None
    """Tokens of prompt and answer that the model takes; None when it is not known, and then nothing is left out."""
    corpus: Corpus | None = None
    """What a program searches whose name asks for pooled paragraphs."""
    trainer: Trainer | None = None
    """Who trains the weights of `lm`; None where they are not here."""
    progress: Progress = field(default_factory=Progress)

    def student(self) -> dspy.Module:
        """Return a fresh, unprepared program."""
        return create(self.task, self.program, corpus=self.corpus)

    def examples(self) -> list[dspy.Example]:
        """Return the training rows as DSPy wants them."""
        return [asked(row) for row in self.train]

    def held_out(self) -> list[dspy.Example]:
        """Return the validation rows as DSPy wants them."""
        return [asked(row) for row in self.validation]

    def dspy_settings(self) -> Mapping[str, Any]:
        """Return the DSPy settings under which programs run and optimizers work."""
        return {
            "lm": self.lm,
            "adapter": Switch(make_adapter(self.adapter_name)),
            "disable_history": True,
            "trace": None,
            # A small model's output that cannot be read is nothing exceptional; the default would end a search at ten.
            "max_errors": 10**9,
            "num_threads": self.concurrency,
            "callbacks": [self.board],
        }

    @property
    def marks(self) -> Marks:
        """The metric, over training and validation rows."""
        return Marks((*self.train, *self.validation), self.score, self.tape.end)

    @cached_property
    def longest_questions(self) -> Mapping[str, Mapping[str, Any]]:
        """By predictor, the values of its input fields in the longest question that the rows lead to; asks nobody."""
        return questions.longest(self.task, self.program, self.adapter_name, (*self.train, *self.validation))

    @cached_property
    def at_most(self) -> int:
        """Characters of the longest row's inputs."""
        return questions.at_most((*self.train, *self.validation))

    @property
    def max_tokens(self) -> int:
        """Tokens that an answer may take."""
        return int(getattr(self.lm, "kwargs", {}).get("max_tokens") or 0)

    def chosen(
        self,
        defaults: Mapping[str, Any],
        least: Mapping[str, float] | None = None,
        most: Mapping[str, float] | None = None,
    ) -> dict[str, Any]:
        """Return the approach's settings over its defaults; `least` and `most` bound the values that make sense.

        Raises ConfigError for an unknown or ill-typed one, one out of bounds, and a float that is no finite number.
        """
        for name, value in self.settings.items():
            if name not in defaults:
                raise ConfigError(f"There is no setting {name!r} here; there are {', '.join(sorted(defaults))}.")
            wanted = type(defaults[name])
            fits = isinstance(value, int | float) if wanted is float else isinstance(value, wanted)
            if not fits or (isinstance(value, bool) and wanted is not bool):
                raise ConfigError(f"The setting {name} is {json.dumps(value)}; it has to be like {defaults[name]!r}.")
            if isinstance(value, float) and not math.isfinite(value):
                raise ConfigError(f"The setting {name} is {value}; it has to be a number like {defaults[name]!r}.")
            if least and name in least and value < least[name]:
                raise ConfigError(f"The setting {name} is {value}; it has to be at least {least[name]}.")
            if most and name in most and value > most[name]:
                raise ConfigError(f"The setting {name} is {value}; it has to be at most {most[name]}.")
        return {**defaults, **self.settings}


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """A prepared program, and what there is to say about it."""

    module: dspy.Module
    validation_score: float | None = None
    """Mean score on the validation rows that it was chosen by, None where nothing was chosen."""
    candidates: int = 0
    """Programs that were scored on all validation rows."""
    notes: tuple[str, ...] = ()
    lesson: Lesson | None = None
    """What the weights are to be trained on before the program is asked; None leaves them as they are."""


def make_job(  # noqa: PLR0913  what is made here, and by keyword all that goes through
    *,
    lm: Any,
    tape: Tape,
    model_name: str = "",
    validation: tuple[Example, ...] = (),
    teacher: Any = None,
    teacher_name: str | None = None,
    progress: Progress | None = None,
    **fields: Any,
) -> Job:
    """Return the job of these `fields`, its models asking by way of the tape.

    `lm` and `teacher` are SeededLMs; without a teacher the model teaches itself. Names are for prices and messages.
    """
    told = progress or Progress()
    name = model_name or str(lm.model)
    other = name if teacher is None else teacher_name or str(teacher.model)
    questions = [row.question for row in validation]
    board = Board(questions, lambda: tape.stopped is not None, lambda board: told.say(_standing(tape, board)))
    return Job(
        lm=taped(lm, tape, name, lambda: "scoring" if board.scoring else "bootstrapping"),
        teacher=taped(teacher or lm, tape, other, lambda: "bootstrapping"),
        proposer=taped(teacher or lm, tape, other, lambda: "proposing", proposes=True),
        tape=tape,
        board=board,
        validation=validation,
        progress=told,
        **fields,
    )


def _standing(tape: Tape, board: Board) -> str:
    best = board.best
    shown = f", best {best.score:.3f}" if best else ""
    most = "" if tape.budget.calls is None else f" of at most {tape.budget.calls:,}"
    phases = ", ".join(f"{phase.name} {phase.calls:,}" for phase in tape.phases())
    return f"Compiling: {tape.calls:,}{most} calls ({phases}), {len(board.candidates)} programs scored{shown}"
