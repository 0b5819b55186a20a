"""Trained weights of a program: made after its compilation, inside the same budget, and kept beside it."""

from __future__ import annotations

from pathlib import Path

from dspysota.compiling import saved
from dspysota.compiling.budget import Guard
from dspysota.compiling.lesson import Lesson, Trainer
from dspysota.compiling.progress import Progress
from dspysota.compiling.tape import Tape
from dspysota.errors import LimitReachedError, ProgramError
from dspysota.models import Weights, stored_at
from dspysota.records import CompileInfo, Training

WEIGHTS = "weights"
"""The folder's name, in that of the program."""


def folder_of(key: str) -> Path:
    """Return where the weights that belong to the program of a key are kept."""
    return saved.folder_of(key) / WEIGHTS


def weights_of(key: str, training: Training | None) -> Weights | None:
    """Return the weights that belong to the program of a key; None where they are not there, not whole, or others."""
    found = stored_at(folder_of(key)) if training is not None else None
    fits = found is not None and training is not None and (found.kind, found.digest) == ("trained", training.digest)
    return found if fits else None


def whole(key: str, info: CompileInfo) -> bool:
    """Return whether all that a stored program needs is here: it may have been copied without its weights."""
    return info.training is None or weights_of(key, info.training) is not None


def trained(  # noqa: PLR0913  what is trained, who trains, and whose bounds hold
    info: CompileInfo,
    lesson: Lesson,
    key: str,
    *,
    trainer: Trainer | None,
    tape: Tape,
    guard: Guard | None,
    shown: Progress,
) -> CompileInfo:
    """Train the weights, and return the program's record with what that took.

    Raises ProgramError where nobody can train them or requests for the data had failed, LimitReachedError where the
    session's minutes ended the training: what was paid for is kept, and the training starts anew.
    """
    if trainer is None:
        raise ProgramError("The weights are to be trained and are not here; name a model that is served here.")
    if tape.unlucky:
        raise ProgramError(
            f"{tape.unlucky:,} requests for the training data failed, so that some of it is missing; run again, and "
            "only they are asked again."
        )
    session = guard.seconds_left() if guard else None
    bounds = [bound for bound in (_left(tape), session) if bound is not None]
    with shown.shown(f"Training on {len(lesson.conversations):,} conversations"):
        training = trainer.train(lesson, folder_of(key), seconds=min(bounds, default=None), say=shown.say)
    if guard and training.ended_early and (why := guard.late(0.0)):
        raise LimitReachedError(why)
    stopped = f"{tape.budget.minutes:g} minutes" if training.ended_early and tape.budget.minutes else info.stopped
    return info.model_copy(
        update={
            "training": training,
            "seconds": tape.seconds,
            "stopped": stopped,
            "notes": (*info.notes, str(training)),
        }
    )


def _left(tape: Tape) -> float | None:
    """Return the seconds of the budget's minutes that are left. Raises ProgramError where there are none."""
    if tape.budget.minutes is None:
        return None
    left = tape.budget.minutes * 60 - tape.seconds
    if left <= 0:
        raise ProgramError(
            f"The budget of {tape.budget.minutes:g} minutes was spent before the weights could be trained; give it "
            "more. What was paid for is kept."
        )
    return left
