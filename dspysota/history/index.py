"""What was read of run folders, kept in SQLite so that nothing is read twice. Never the truth: that are the folders."""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
import tempfile
import weakref
import zlib
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from filelock import FileLock, Timeout

from dspysota import __version__, paths
from dspysota.errors import ConfigError, RunError
from dspysota.history.finding import names
from dspysota.history.folders import Entry, entry
from dspysota.history.measured import Point, points
from dspysota.report.meta import FILE
from dspysota.store.reading import CASES_FILE, RUN_FILE

WAIT_SECONDS = 60.0
"""How long another process may take to read new folders before this one says that it is stuck."""

_COLUMNS = tuple(field.name for field in fields(Point))
_SCHEMA = f"""
CREATE TABLE folders (name TEXT PRIMARY KEY, stamp TEXT NOT NULL, entry TEXT NOT NULL);
CREATE TABLE points ({", ".join(f'"{name}"' for name in _COLUMNS)});
CREATE INDEX points_of ON points (folder);
"""
_PUT = f"INSERT INTO points VALUES ({', '.join('?' * len(_COLUMNS))})"

VERSION = zlib.crc32(f"{__version__}\n{_SCHEMA}\n{sorted(Entry.model_fields)}".encode()) & 0x7FFFFFFF
"""Of the file: another dspysota may count otherwise, so its figures are not taken over."""


@dataclass(frozen=True)
class Contents:
    """All run folders, the newest first, and the runs of those that are finished."""

    entries: tuple[Entry, ...]
    points: tuple[Point, ...]


class Index:
    """The index of one reports folder. Any number of threads and processes may read it; each looks for changes first.

    It is in the cache, under a name that does not tell where the reports are, or in a temporary folder where the cache
    cannot be written. A file that is damaged, or of another version, is made anew.
    """

    def __init__(self, out: Path, file: Path | None = None) -> None:
        self._out = out
        self.file = file or self._place()
        """The SQLite file."""

    def read(self) -> Contents:
        """Everything, as it is now. Raises RunError where the index cannot be read, or is read by others for good."""
        lock = FileLock(f"{self.file}.lock", timeout=WAIT_SECONDS)
        try:
            with lock, closing(self._open()) as db:
                self._refresh(db)
                return self._contents(db)
        except Timeout:
            raise RunError(
                f"Another process has been reading the run folders for {WAIT_SECONDS:.0f} s; end it, and try again."
            ) from None
        except (sqlite3.Error, OSError) as wrong:
            raise RunError(f"The index of run folders cannot be used ({wrong}); delete {str(self.file)!r}.") from None

    def _place(self) -> Path:
        name = hashlib.sha256(os.path.realpath(self._out).encode()).hexdigest()[:16]
        try:
            return paths.make(paths.history_dir()) / f"{name}.sqlite"
        except ConfigError:
            folder = tempfile.mkdtemp(prefix="dspysota-history-")
            weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
            return Path(folder, f"{name}.sqlite")

    def _open(self) -> sqlite3.Connection:
        db = sqlite3.connect(self.file)
        try:
            if db.execute("PRAGMA user_version").fetchone() == (VERSION,):
                for table in ("folders", "points"):
                    db.execute(f"SELECT * FROM {table} LIMIT 1").fetchone()
                return db
        except sqlite3.DatabaseError:
            pass
        db.close()
        for end in ("", "-journal"):
            Path(f"{self.file}{end}").unlink(missing_ok=True)
        db = sqlite3.connect(self.file)
        db.executescript(f"BEGIN; {_SCHEMA} PRAGMA user_version = {VERSION}; COMMIT;")
        return db

    def _refresh(self, db: sqlite3.Connection) -> None:
        known = dict(db.execute("SELECT name, stamp FROM folders"))
        there = {name: stamp(self._out / name) for name in names(self._out)}
        for name in known:
            if there.get(name) != known[name]:
                with db:
                    _forget(db, name)
        for name, mark in there.items():
            if known.get(name) != mark:
                with db:
                    self._take(db, name, mark)

    def _take(self, db: sqlite3.Connection, name: str, mark: str) -> None:
        found = entry(self._out / name)
        runs: list[Point] = []
        if found.status == "finished":
            try:
                runs = points(self._out / name)
            except RunError as error:
                found = found.model_copy(update={"status": "damaged", "why": str(error)})
        db.execute("INSERT INTO folders VALUES (?, ?, ?)", (name, mark, found.model_dump_json()))
        db.executemany(_PUT, map(astuple, runs))

    def _contents(self, db: sqlite3.Connection) -> Contents:
        kept = [
            Entry.model_validate_json(text) for (text,) in db.execute("SELECT entry FROM folders ORDER BY name DESC")
        ]
        found = db.execute("SELECT * FROM points ORDER BY folder DESC, place")
        # What is being measured grows with every answer, and its `run.json` does not.
        live = (entry(self._out / one.name) if one.status == "unfinished" else one for one in kept)
        return Contents(tuple(live), tuple(_points(found)))


def stamp(folder: Path) -> str:
    """Changes whenever one of the files of a run folder is written that an index is made of."""
    parts = []
    for name in (RUN_FILE, CASES_FILE, FILE):
        with suppress(OSError):
            found = (folder / name).stat()
            parts.append(f"{name} {found.st_mtime_ns} {found.st_size} {found.st_ino}")
    return "\n".join(parts)


def _forget(db: sqlite3.Connection, name: str) -> None:
    db.execute("DELETE FROM folders WHERE name = ?", (name,))
    db.execute("DELETE FROM points WHERE folder = ?", (name,))


def _points(rows: sqlite3.Cursor) -> Iterator[Point]:
    for row in rows:
        yield Point(**dict(zip(_COLUMNS, row, strict=True)))
