"""Taking run folders away: whole or not at all, never one that is being written, and nothing beside them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from dspysota.errors import RunError
from dspysota.store.folder import LATEST, NAME, OWNER, point_latest
from dspysota.store.reading import AGAIN, JOURNALS, RUN_FILE, resolved

_GOING = ".removing-"


def remove(out: Path, name: str) -> None:
    """Delete the run folder `<out>/<name>/`; `latest` is pointed at the newest that is left where it pointed there.

    Raises RunError where it is no run folder of `out` itself, a living process writes into it, or it cannot be deleted.
    """
    path = out / name
    if not NAME.fullmatch(name) or path.is_symlink() or not path.is_dir():
        raise RunError(f'"{name}" is no run folder of "{out.name}"; `dspysota runs list` shows those that are.')
    try:
        _sweep(out)
        with _alone(path):
            # One step for whoever reads meanwhile; what a kill leaves behind is nobody's run folder any more.
            going = path.rename(out / f"{_GOING}{name}")
        shutil.rmtree(going)
        repair_latest(out)
    except OSError as wrong:
        raise RunError(f'"{name}" cannot be deleted: {wrong.strerror}.') from None


def repair_latest(out: Path) -> None:
    """Point `latest` at the newest run folder where it leads nowhere; take it away where there is none."""
    latest = out / LATEST
    if not (latest.is_symlink() or latest.is_file()) or resolved(latest).exists():
        return
    left = sorted(path for path in out.iterdir() if NAME.fullmatch(path.name) and (path / RUN_FILE).is_file())
    if left:
        point_latest(left[-1])
    else:
        latest.unlink()


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Hold every lock of a folder: those of its owner, of its journals, and of runs that are being made."""
    parts = [path / JOURNALS, path / AGAIN]
    held = [path / OWNER, *(one for part in parts for kind in ("*.lock", "*.turn") for one in sorted(part.glob(kind)))]
    with ExitStack() as stack:
        for one in held:
            try:
                stack.enter_context(FileLock(one, timeout=0))
            except Timeout:
                raise RunError(
                    f'"{path.name}" is being written by a living process; end that first, or wait for it.'
                ) from None
        yield


def _sweep(out: Path) -> None:
    """Delete what a killed removal has left."""
    for path in out.glob(f"{_GOING}*"):
        if NAME.fullmatch(path.name.removeprefix(_GOING)) and not os.path.islink(path):
            shutil.rmtree(path)
