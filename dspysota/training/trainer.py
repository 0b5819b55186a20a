"""From right answers to trained weights in a folder that a server reads."""

from __future__ import annotations

import importlib.util
import math
import os
import shutil
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import psutil

from dspysota import paths
from dspysota.compiling.lesson import Lesson
from dspysota.errors import ModelError, ProgramError
from dspysota.models import Weights
from dspysota.models.disk import require_space
from dspysota.models.weights import mark_trained
from dspysota.records import Training
from dspysota.training.process import run

DISK = 1.1
"""Free disk, as a multiple of the weights."""

STAGING = ".training"

NEEDED = ("trl", "peft", "torch", "transformers", "accelerate", "datasets")


@dataclass(frozen=True, kw_only=True)
class LoraTrainer:
    """Trains low-rank adapters of one model's weights, and merges them into a copy of these."""

    name: str
    """The model's, for messages."""
    base: Weights
    chat_template: Path | None
    """What the model is served with where its tokenizer brings no template."""
    context_length: int
    """Tokens of a conversation, at most."""
    room: Callable[[], None]
    """Makes room in memory for the training, which a model server holds. Raises ModelError where it cannot."""

    def check(self) -> None:
        """Raise ProgramError where a package is missing, or the disk too small."""
        missing = [package for package in NEEDED if importlib.util.find_spec(package) is None]
        if missing:
            raise ProgramError(
                f"Training {self.name!r} needs {', '.join(missing)}, which this Python has not; "
                "`pip install 'dspysota[finetune]'` brings it, and `make setup` has it."
            )
        with _told():
            require_space(paths.programs_dir(), DISK * self.base.bytes, f"Training {self.name!r}")

    def train(
        self,
        lesson: Lesson,
        folder: Callable[[str], Path],
        *,
        left: Callable[[], float | None],
        say: Callable[[str], None],
    ) -> Training:
        """Write trained weights to the folder of their digest, whole or not at all. Raises ProgramError."""
        with _told():
            self.check()
            self.room()
            began, seconds = time.monotonic(), left()
            with _staging() as (scratch, made):
                outcome = run(self._job(lesson, scratch, made, seconds), scratch, name=self.name, say=say)
                self._check(lesson, outcome)
                by = self._by(lesson)
                described = f"{self.base.source}; trained: {by}, {outcome['examples']:,} conversations"
                digest = mark_trained(made, self.name, origin=self.base.digest, described=described)
                _place(made, folder(digest))
        return Training(
            digest=digest, base=self.base.digest, by=by, seconds=time.monotonic() - began, **_known(outcome)
        )

    def _check(self, lesson: Lesson, outcome: Mapping[str, Any]) -> None:
        if not outcome["examples"]:
            raise ProgramError(
                f"None of {len(lesson.conversations):,} conversations fits into the {self.context_length:,} "
                f"tokens of {self.name!r}; there is nothing to train on."
            )
        if not all(math.isfinite(loss) for loss in outcome["losses"]):
            raise ProgramError(
                f"Training {self.name!r} diverged: its loss is no number any more; take a lower learning_rate than "
                f"{lesson.learning_rate:g}. The answers to train on are kept."
            )

    def _job(self, lesson: Lesson, scratch: Path, made: Path, seconds: float | None) -> dict[str, Any]:
        return {
            "base": str(self.base.path),
            "folder": str(made),
            "scratch": str(scratch),
            "conversations": [dict(one) for one in lesson.conversations],
            "chat_template": str(self.chat_template) if self.chat_template else None,
            "max_tokens": self.context_length,
            "epochs": lesson.epochs,
            "rank": lesson.rank,
            "learning_rate": lesson.learning_rate,
            "batch": lesson.batch,
            "seed": lesson.seed,
            "seconds": seconds,
        }

    def _by(self, lesson: Lesson) -> str:
        versions = ", ".join(f"{package} {metadata.version(package)}" for package in ("trl", "peft"))
        return (
            f"LoRA of rank {lesson.rank}, {lesson.epochs} epochs, batches of {lesson.batch}, learning rate "
            f"{lesson.learning_rate:g}, seed {lesson.seed} ({versions})"
        )


def _known(outcome: Mapping[str, Any]) -> dict[str, Any]:
    names = ("examples", "left_out", "tokens", "losses", "passes", "ended_early")
    return {name: tuple(outcome[name]) if name == "losses" else outcome[name] for name in names}


@contextmanager
def _told() -> Iterator[None]:
    """Raise ProgramError for what the disk and the models' own errors say."""
    try:
        yield
    except ModelError as error:
        raise ProgramError(str(error)) from error
    except OSError as error:
        raise ProgramError(
            f"The training cannot be written below {str(paths.programs_dir())!r}: {error.strerror}. The answers to "
            "train on are kept."
        ) from error


@contextmanager
def _staging() -> Iterator[tuple[Path, Path]]:
    """A scratch folder, and in it an empty one for the weights; both are gone after the block.

    They lie where programs do, so that renaming never crosses file systems. What trainings have left there whose
    processes were killed goes, too.
    """
    home = paths.make(paths.programs_dir() / STAGING)
    for left_over in home.glob("*-*"):
        if not psutil.pid_exists(int(left_over.name.partition("-")[0])):
            shutil.rmtree(left_over, ignore_errors=True)
    scratch = home / f"{os.getpid()}-{uuid.uuid4().hex}"
    made = scratch / "made"
    made.mkdir(parents=True)
    try:
        yield scratch, made
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _place(made: Path, folder: Path) -> None:
    """The same digest may be there already: from the same lesson."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    if folder.exists():
        folder.replace(made.with_name("replaced"))
    made.replace(folder)
