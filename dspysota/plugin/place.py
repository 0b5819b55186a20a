"""The run folder of a session: one for all of xdist's workers, made by whoever needs it first."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from filelock import FileLock

from dspysota.errors import RunError

if TYPE_CHECKING:
    from dspysota.experiment import Settings
    from dspysota.profiles import Profile
    from dspysota.store import RunFolder


def open_folder(config: pytest.Config, settings: Settings, profile: Profile) -> RunFolder:
    """Continue this command's unfinished folder or make one; workers of one session meet in the same.

    The controller cannot do it for them: it never learns whether any test uses the `sota` fixture, and where none
    does nothing may be written.
    """
    uid = getattr(config, "workerinput", {}).get("testrunuid")
    if uid is None:
        return _open(settings, profile)
    from dspysota.store import RunFolder

    note = meeting_point(uid)
    with FileLock(note.with_suffix(".lock")):
        if note.exists():
            return RunFolder.join(Path(note.read_text(encoding="utf-8")))
        folder = _open(settings, profile)
        note.write_text(str(folder.path.absolute()), encoding="utf-8")
        return folder


def meeting_point(uid: str) -> Path:
    """File in which the workers of the xdist session `uid` (random, therefore not guessable) find their folder."""
    return Path(tempfile.gettempdir(), f"dspysota-{uid}")


def met_at(uid: str) -> Path | None:
    """The folder that the workers of a session have used; forgets where they met."""
    note = meeting_point(uid)
    note.with_suffix(".lock").unlink(missing_ok=True)
    if not note.exists():
        return None
    path = Path(note.read_text(encoding="utf-8"))
    note.unlink()
    return path


def take_over(path: Path) -> RunFolder:
    """The folder of workers that have ended, to be finished. A folder that somebody else has taken is only joined."""
    from dspysota.store import RunFolder

    try:
        return RunFolder.claim(path)
    except RunError:
        return RunFolder.join(path)


def _open(settings: Settings, profile: Profile) -> RunFolder:
    from dspysota.experiment import commit
    from dspysota.store import RunFolder

    key = settings.command_key(profile, commit(settings.root))
    return RunFolder.open(settings.out, key, fresh=settings.fresh, command=settings.command)
