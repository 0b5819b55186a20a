"""Disk space and locks below the cache home."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from dspysota import paths
from dspysota.errors import ModelError
from dspysota.models.progress import Reporter, human


def require_space(folder: Path, needed: float, what: str) -> None:
    """Raise ModelError unless `needed` bytes are free where `folder` is or will be."""
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    free = shutil.disk_usage(existing).free
    if free < needed:
        raise ModelError(
            f"{what} needs {human(needed)} of disk, {existing} has {human(free)} free; "
            f"free some, or set DSPYSOTA_HOME to a folder on a larger disk."
        )


@contextmanager
def locked(name: str, reporter: Reporter) -> Iterator[None]:
    """Hold the model's lock: two processes never fetch, convert or remove the same weights at once.

    Raises ConfigError where nothing can be written below the cache home.
    """
    folder = paths.make(paths.models_dir() / ".locks")
    lock = FileLock(folder / f"{name}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        reporter.say(f"{name}: another process is at these weights; waiting for it")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()
