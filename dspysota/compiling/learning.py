"""Trained weights of a program: made after its compilation, inside the same budget, and kept in its folder.

Each training has a folder of its own there, named by the digest of what came of it: a new one never takes the place of
weights that a server may be reading, and the record says which one is the program's.
"""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path

from dspysota.compiling import saved
from dspysota.compiling.budget import Guard
from dspysota.compiling.lesson import Lesson, Trainer
from dspysota.compiling.progress import Progress
from dspysota.compiling.tape import Tape
from dspysota.errors import LimitReachedError, ProgramError
from dspysota.models import Weights, stored_at
from dspysota.records import CompileInfo, Training


def folder_of(key: str, digest: str) -> Path:
    """Return where the weights of a digest are kept that belong to the program of a key."""
    return saved.folder_of(key) / f"weights-{digest[:16]}"


def weights_of(key: str, training: Training | None) -> Weights | None:
    """Return the weights that belong to the program of a key; None where they are not there, not whole, or others."""
    if training is None:
        return None
    found = stored_at(folder_of(key, training.digest))
    return found if found and (found.kind, found.digest) == ("trained", training.digest) else None


def needed(key: str, training: Training | None) -> Weights | None:
    """Return the same where there are any. Raises ProgramError where they were deleted in the meantime."""
    found = weights_of(key, training)
    if training is not None and found is None:
        raise ProgramError(f"The trained weights of {key[:12]!r} were deleted while they were needed; run again.")
    return found


def whole(key: str, info: CompileInfo) -> bool:
    """Return whether all that a stored program needs is here: it may have been copied without its weights."""
    return info.training is None or weights_of(key, info.training) is not None


def prune(key: str, training: Training | None) -> None:
    """Delete weights of earlier trainings of a program, once a record names those that it has now."""
    if training is not None:
        for folder in saved.folder_of(key).glob("weights-*"):
            if folder != folder_of(key, training.digest):
                shutil.rmtree(folder, ignore_errors=True)


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

    def left() -> float | None:
        bounds = [bound for bound in (_left(tape), guard.seconds_left() if guard else None) if bound is not None]
        return min(bounds, default=None)

    _check(guard)
    left()
    with shown.shown(f"Training on {len(lesson.conversations):,} conversations"):
        training = trainer.train(lesson, lambda digest: folder_of(key, digest), left=left, say=shown.say)
    if training.ended_early and not _by_budget(tape, guard):
        _forget(key, training)
        raise _over(guard.late(0.0) if guard else None)
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


def _by_budget(tape: Tape, guard: Guard | None) -> bool:
    """Return whether it was the budget's minutes that were over first: then what was learned by then is the result."""
    session = guard.seconds_left() if guard else None
    budget = None if tape.budget.minutes is None else tape.budget.minutes * 60 - tape.seconds
    return session is None or (budget is not None and budget <= session)


def _check(guard: Guard | None) -> None:
    if guard and (why := guard.late(0.0)):
        raise _over(why)


def _over(why: str | None) -> LimitReachedError:
    return LimitReachedError(
        f"{why or 'The minutes of the session are over.'} A training that is ended so starts anew, and needs enough "
        "minutes for all of it."
    )


def _forget(key: str, training: Training) -> None:
    """Delete weights that are no result; the program that was there before keeps its own."""
    found = saved.read(saved.folder_of(key))
    if found is None or found[0].info.training is None or found[0].info.training.digest != training.digest:
        shutil.rmtree(folder_of(key, training.digest), ignore_errors=True)
        with suppress(OSError):  # another program's, or not empty
            saved.folder_of(key).rmdir()
