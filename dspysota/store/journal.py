"""The journal of one run: every case as it ends, so that an interrupted run goes on where it stopped."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType, TracebackType

from filelock import FileLock, Timeout
from pydantic import Field

from dspysota.errors import RunError
from dspysota.records import SCHEMA, Case, Record, RunInfo
from dspysota.store.lines import check_schema, parse, place

WAIT_SECONDS = 10.0
"""How long a journal that another process holds is waited for: the workers of a killed command end within it."""


class Header(Record):
    """First line of a journal."""

    format: int = Field(alias="schema")
    key: str
    started: str
    info: RunInfo | None = None


class Entry(Record):
    """Every further line: a case that ended `elapsed` seconds after its session began, or the end of a session."""

    session: int
    elapsed: float
    case: Case | None = None


@dataclass(frozen=True)
class Contents:
    """What a journal holds: cases in the order they ended, each once, and the seconds of every session."""

    header: Header | None
    cases: dict[str, Case]
    sessions: dict[int, float]
    size: int
    """Bytes up to the end of the last whole line; what follows is a torn write."""


def read_journal(path: Path) -> Contents:
    """Reads a journal. A torn last line is left out, of cases written twice the first counts.

    Raises RunError for any other line that cannot be read, and for a newer format.
    """
    data = path.read_bytes() if path.exists() else b""
    lines = data.splitlines(keepends=True)
    header: Header | None = None
    cases: dict[str, Case] = {}
    sessions: dict[int, float] = {}
    size = 0
    for number, line in enumerate(lines, 1):
        try:
            if not line.endswith(b"\n"):
                break
            if header is None:
                header = parse(Header, line, path, number)
                check_schema(header.format, path)
            else:
                _add(parse(Entry, line, path, number), cases, sessions)
        except RunError:
            if number == len(lines) and number > 1:  # a machine that lost power leaves a last line of zeros
                break
            raise
        size += len(line)
    return Contents(header=header, cases=cases, sessions=sessions, size=size)


def _add(entry: Entry, cases: dict[str, Case], sessions: dict[int, float]) -> None:
    sessions[entry.session] = max(entry.elapsed, sessions.get(entry.session, 0.0))
    if entry.case is not None:
        cases.setdefault(entry.case.case_id, entry.case)


class Journal:
    """Append-only file of the cases of one run; one process writes it at a time, from any of its threads.

    `cases` are those that earlier sessions left, by id; `earlier_sessions` and `earlier_seconds` count those sessions
    and the wall time from each one's start to its last case. Raises RunError when the file belongs to another run
    key, cannot be read, or is being written by a living process.
    """

    def __init__(self, path: Path, key: str, info: RunInfo | None = None) -> None:
        self._path = path
        self.key = key
        self._mutex = threading.Lock()
        self._owner = FileLock(path.with_suffix(".lock"), thread_local=False)
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._owner.acquire(timeout=WAIT_SECONDS)
        except Timeout:
            raise RunError(f'"{place(path)}" is being written by another process; wait until that run ends.') from None
        try:
            self._open(info)
        except BaseException:
            self._owner.release()
            raise

    def _open(self, info: RunInfo | None) -> None:
        found = read_journal(self._path)
        if found.header is not None and found.header.key != self.key:
            raise RunError(f'"{place(self._path)}" belongs to run {found.header.key!r}, not {self.key!r}; remove it.')
        self.cases: Mapping[str, Case] = MappingProxyType(found.cases)
        self.earlier_sessions = len(found.sessions)
        self.earlier_seconds = sum(found.sessions.values())
        self._session = max(found.sessions, default=0) + 1
        self._file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
        self._size = found.size
        os.ftruncate(self._file, self._size)
        if found.header is None:
            started = datetime.now(UTC).isoformat(timespec="seconds")
            self._write(Header(schema=SCHEMA, key=self.key, started=started, info=info))

    def append(self, case: Case, elapsed: float) -> None:
        """Adds a case that ended `elapsed` seconds after this session began, as one write; raises RunError."""
        self._write(Entry(session=self._session, elapsed=elapsed, case=case))

    def end(self, elapsed: float) -> None:
        """Notes that this session went on for `elapsed` seconds; without it, it ends with its last case."""
        self._write(Entry(session=self._session, elapsed=elapsed))

    def close(self) -> None:
        """Lets go of the file; cases appended later by abandoned threads are refused. Harmless to repeat."""
        with self._mutex:
            if self._file >= 0:
                os.close(self._file)
                self._file = -1
                self._owner.release()

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _write(self, record: Record) -> None:
        line = record.model_dump_json(by_alias=True).encode() + b"\n"
        with self._mutex:
            if self._file < 0:
                raise RunError(f'"{place(self._path)}" is closed; no case can be added to it.')
            try:
                written = os.write(self._file, line)
            except OSError as wrong:
                raise self._failed(wrong.strerror or "unknown fault") from None
            if written < len(line):
                raise self._failed("no space left on the device")
            self._size += len(line)

    def _failed(self, why: str) -> RunError:
        os.ftruncate(self._file, self._size)  # what did get written is not left to spoil the next line
        return RunError(f'"{place(self._path)}" cannot be written: {why}. What it holds is kept; run again to go on.')
