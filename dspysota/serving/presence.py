"""Who is there: files locked for as long as a process lives.

The kernel drops the lock when the process ends, however it ends, so nobody has to clean up after a SIGKILL, and no
clock or reused process id can deceive.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import time
import weakref
from pathlib import Path
from typing import Self

PATIENCE = 2.0
"""Seconds to try for a lock: who merely looks whether it is held holds it for a moment."""


class Presence:
    """A lock file held by this process until `release` or its end, whichever comes first."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._descriptor: int | None = descriptor
        # A forked child shares the lock and would keep it beyond our death.
        dropped = weakref.WeakMethod(self._drop)
        os.register_at_fork(after_in_child=lambda: method() if (method := dropped()) else None)

    @classmethod
    def take(cls, path: Path) -> Self | None:
        """Lock `path`, creating it. None when another holds it."""
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > deadline:
                    os.close(descriptor)
                    return None
                time.sleep(0.01)
            else:
                return cls(path, descriptor)

    @classmethod
    def register(cls, folder: Path) -> Self:
        """Lock a new file in `folder`, named after this process."""
        presence = cls.take(folder / f"{os.getpid()}-{secrets.token_hex(4)}")
        assert presence is not None, "a new name cannot be taken"
        return presence

    def release(self) -> None:
        """Unlock and delete the file. Idempotent."""
        if self._descriptor is not None:
            self.path.unlink(missing_ok=True)
            self._drop()

    def _drop(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def held(path: Path) -> bool:
    """Whether a living process (this one included) holds the lock on `path`."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        # Shared: two who look at once must not take each other for the holder.
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def living(folder: Path, *, sweep: bool = False) -> list[Path]:
    """List the files in `folder` whose processes live. `sweep` deletes the others; hold the server's lock for that."""
    if not folder.is_dir():
        return []
    found = []
    for path in sorted(folder.iterdir()):
        if held(path):
            found.append(path)
        elif sweep:
            path.unlink(missing_ok=True)
    return found
