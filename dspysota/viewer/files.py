"""Which files of run folders are shown, and how they are opened: never by way of a link, never outside."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from dspysota.exports import FOLDER
from dspysota.store.folder import NAME

TEXT = "text/plain; charset=utf-8"
KINDS = {
    "report.html": "text/html; charset=utf-8",
    "summary.md": TEXT,
    "junit.xml": TEXT,  # as XML it could bring style sheets and scripts of its own
    "run.json": "application/json",
    "cases.jsonl": TEXT,
}
"""The files of a run folder that are shown, with what they are told to be."""

EXPORTS = {".json": "application/json", ".jsonl": TEXT, ".parquet": "application/octet-stream"}
"""The same of exports, by how their names end."""

DEEPEST = 3
"""Folders that the path of an export may have."""

_PART = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+@-]{0,199}")


@dataclass(frozen=True)
class Found:
    """A file that may be shown, open for reading."""

    file: IO[bytes]
    kind: str
    size: int


def kind_of(parts: Sequence[str]) -> str | None:
    """What the file at `parts` below a run folder is; None for one that is not shown.

    >>> kind_of(["run.json"]), kind_of(["exports", "cases.parquet"]), kind_of(["..", "run.json"]), kind_of([".owner"])
    ('application/json', 'application/octet-stream', None, None)
    """
    if len(parts) == 1:
        return KINDS.get(parts[0])
    inside = len(parts) <= DEEPEST + 1 and parts[0] == FOLDER and all(_PART.fullmatch(part) for part in parts)
    return EXPORTS.get(os.path.splitext(parts[-1])[1]) if inside else None


def find(out: Path, name: str, parts: Sequence[str]) -> Found | None:
    """Open a file of a run folder of `out`; None where there is none that may be shown.

    Every step of the path is opened as what it is: a link is not followed, even one that was made a moment ago.
    """
    kind = kind_of(parts)
    if kind is None or not NAME.fullmatch(name):
        return None
    try:
        with ExitStack() as stack:
            place = os.open(out, os.O_RDONLY | os.O_DIRECTORY)
            stack.callback(os.close, place)
            for part in (name, *parts[:-1]):
                place = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=place)
                stack.callback(os.close, place)
            # Not to be waited for: a pipe of this name would be opened for good.
            handle = os.open(parts[-1], os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=place)
    except OSError:
        return None
    about = os.fstat(handle)
    if not stat.S_ISREG(about.st_mode):
        os.close(handle)
        return None
    return Found(os.fdopen(handle, "rb"), kind, about.st_size)


def there(out: Path, name: str) -> list[str]:
    """Paths, below a run folder, of its files that may be shown: the known ones in their order, then exports."""
    folder = out / name
    known = [file for file in KINDS if _plain(folder / file)]
    return [*known, *sorted("/".join(parts) for parts in _exports(folder))]


def _exports(folder: Path) -> Iterator[tuple[str, ...]]:
    top = folder / FOLDER
    if top.is_symlink():
        return
    for place, folders, names in os.walk(top):
        folders.sort()
        for name in names:
            parts = Path(place, name).relative_to(folder).parts
            if kind_of(parts) and _plain(Path(place, name)):
                yield parts


def _plain(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()
