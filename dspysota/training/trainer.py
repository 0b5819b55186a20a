"""From right answers to trained weights in a folder that a server reads."""

from __future__ import annotations

import importlib.util
import shutil
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from dspysota import paths
from dspysota.compiling.lesson import Lesson
from dspysota.errors import ModelError, ProgramError
from dspysota.models import Weights
from dspysota.models.disk import require_space
from dspysota.models.weights import mark_trained
from dspysota.records import Training
from dspysota.training.process import run

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
    room: Callable[[], AbstractContextManager[None]]
    """Gives memory and cores to the training until the block ends: a model server holds them."""

    def check(self) -> None:
        """Raise ProgramError where a package is missing, or the disk is too small."""
        missing = [package for package in NEEDED if importlib.util.find_spec(package) is None]
        if missing:
            raise ProgramError(
                f"Training {self.name!r} needs {', '.join(missing)}, which this Python has not; "
                "`pip install 'dspysota[finetune]'` brings it, and `make setup` has it."
            )

    def train(self, lesson: Lesson, folder: Path, *, seconds: float | None, say: Callable[[str], None]) -> Training:
        """Write trained weights to `folder`, whole or not at all. Raises ProgramError."""
        began = time.monotonic()
        try:
            require_space(folder, 1.1 * self.base.bytes, f"Training {self.name!r}")
            with self.room(), _staging(folder) as (scratch, made):
                outcome = run(self._job(lesson, scratch, made, seconds), scratch, name=self.name, say=say)
                if not outcome["examples"]:
                    raise ProgramError(
                        f"None of {len(lesson.conversations):,} conversations fits into the {self.context_length:,} "
                        f"tokens of {self.name!r}; there is nothing to train on."
                    )
                by = self._by(lesson)
                described = f"{self.base.source}; trained: {by}, {outcome['examples']:,} conversations"
                digest = mark_trained(made, self.name, origin=self.base.digest, described=described)
                _place(made, folder)
        except ModelError as error:
            raise ProgramError(str(error)) from error
        return Training(
            digest=digest, base=self.base.digest, by=by, seconds=time.monotonic() - began, **_known(outcome)
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
    names = ("examples", "left_out", "tokens", "losses", "ended_early")
    return {name: tuple(outcome[name]) if name == "losses" else outcome[name] for name in names}


@contextmanager
def _staging(folder: Path) -> Iterator[tuple[Path, Path]]:
    """A scratch folder, and in it an empty one for the weights; both are gone after the block.

    They lie in the cache home, so that renaming never crosses file systems. What a training that was killed has left
    there goes, too.
    """
    home, name = paths.make(paths.models_dir() / ".partial"), f"trained-{folder.parent.name}"
    for left_over in home.glob(f"{name}-*"):
        shutil.rmtree(left_over, ignore_errors=True)
    scratch = home / f"{name}-{uuid.uuid4().hex}"
    made = scratch / "made"
    made.mkdir(parents=True)
    try:
        yield scratch, made
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _place(made: Path, folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    old = made.with_name("replaced")
    if folder.exists():
        folder.replace(old)
    made.replace(folder)
