"""Where rows come from: a directory of the user's, else the hub, else an offline twin. Never a mixture, never silently.

All three deliver rows with the fields of the original files; each row knows where it stood, so that a malformed one
can be named.
"""

from __future__ import annotations

import importlib
import json
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, overload

from dspysota.errors import DataError
from dspysota.records import Example
from dspysota.tasks.hub import HubFiles, HubUnavailableError, fetch

TRUE = frozenset({"1", "on", "true", "yes"})
"""What switches an environment variable on, as huggingface_hub reads its own."""

_HALF = re.compile(rb"\\u[dD][89a-fA-F]|\xed[\xa0-\xbf]")
"""Half a character as JSON writes it, or as bytes, which Python's JSON lets pass; a look before a closer one."""


def kept_offline(env: Mapping[str, str]) -> bool:
    """Return whether the user keeps the hub's libraries off the network.

    >>> kept_offline({"HF_HUB_OFFLINE": "1"}), kept_offline({"HF_HUB_OFFLINE": "0"}), kept_offline({})
    (True, False, False)
    """
    return any(env.get(name, "").strip().lower() in TRUE for name in ("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE"))


@dataclass(frozen=True)
class RawRow:
    """One row as its file has it. `number` counts from 1; `where` names file and line for error messages."""

    where: str
    number: int
    fields: Mapping[str, Any]


@dataclass(frozen=True)
class RawData:
    """All rows of one source, and what to call them: `name` is the data set's true name."""

    name: str
    source: Literal["directory", "hub", "twin"]
    origin: str
    train: Sequence[RawRow]
    test: Sequence[RawRow]


@dataclass(frozen=True)
class Layout:
    """Where a task's rows are: paths below a data directory, files on the hub, and the module of its offline twin.

    The twin's module has `NAME`, `ORIGIN` and `rows() -> (train, test)`, two lists of rows in the original's fields.
    """

    name: str
    train: str
    test: str
    hub: HubFiles
    twin: str


@dataclass(frozen=True)
class DataSource:
    """Which source to take: a `directory`, and then no other; else the hub; else the twin.

    Of the hub, only the cache is looked at when `offline` or where HF_HUB_OFFLINE is set. `announce` is told, on one
    line, what was taken and why.
    """

    directory: Path | None = None
    offline: bool = False
    announce: Callable[[str], None] = field(default=lambda line: _to_stderr(line), compare=False)

    @classmethod
    def from_environment(cls, directory: str | Path | None = None, env: Mapping[str, str] = os.environ) -> DataSource:
        """Return the source that `directory`, else the environment (DSPYSOTA_DATA, HF_HUB_OFFLINE), asks for."""
        chosen = directory or env.get("DSPYSOTA_DATA")
        return cls(directory=Path(chosen).expanduser() if chosen else None, offline=kept_offline(env))

    def read(self, layout: Layout) -> RawData:
        """Return the rows of `layout`, having said on one line which source was taken and why.

        Raises DataError where a given directory lacks a file or holds a malformed line, or no source has the rows.
        """
        if self.directory is not None:
            data, why = _read_directory(self.directory, layout), "as given"
        else:
            data, why = self._hub_or_twin(layout)
        self.announce(
            f"{layout.name}: {data.name} from {data.origin} ({data.source}, {why}): "
            f"{len(data.train):,} training and {len(data.test):,} test rows"
        )
        return data

    def _hub_or_twin(self, layout: Layout) -> tuple[RawData, str]:
        try:
            train, test = fetch(layout.hub, offline=self.offline or kept_offline(os.environ))
        except HubUnavailableError as error:
            return _make_twin(layout), f"because {error}"
        origin = f"{layout.hub.repository}@{layout.hub.revision}"
        data = RawData(
            name=layout.name,
            source="hub",
            origin=origin,
            train=HubRows(train, f"{origin} {layout.hub.train}"),
            test=HubRows(test, f"{origin} {layout.hub.test}"),
        )
        return data, "pinned revision"


@dataclass(frozen=True)
class HubRows(Sequence[RawRow]):
    """Rows of a `datasets.Dataset`, converted one by one as they are asked for: the whole set is large."""

    table: Any
    where: str

    def __len__(self) -> int:
        return len(self.table)

    @overload
    def __getitem__(self, index: int) -> RawRow: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[RawRow]: ...
    def __getitem__(self, index: int | slice) -> RawRow | Sequence[RawRow]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        return RawRow(f"{self.where} row {index + 1}", index + 1, self.table[index])


@dataclass(frozen=True)
class LazyExamples(Sequence[Example]):
    """Examples that are parsed as they are asked for, by `parse`."""

    rows: Sequence[RawRow]
    parse: Callable[[RawRow], Example]

    def __len__(self) -> int:
        return len(self.rows)

    @overload
    def __getitem__(self, index: int) -> Example: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Example]: ...
    def __getitem__(self, index: int | slice) -> Example | Sequence[Example]:
        if isinstance(index, slice):
            return [self.parse(row) for row in self.rows[index]]
        return self.parse(self.rows[index])


def examples(rows: Sequence[RawRow], parse: Callable[[RawRow], Example]) -> Sequence[Example]:
    """Return `rows` parsed: all at once, so that any malformed row is found, except for the hub's, which are pinned."""
    return LazyExamples(rows, parse) if isinstance(rows, HubRows) else tuple(parse(row) for row in rows)


def read_jsonl(path: Path) -> list[RawRow]:
    """Return the rows of a JSONL file; empty lines are skipped and counted. Raises DataError naming file and line."""
    try:
        lines = path.read_bytes().split(b"\n")
    except FileNotFoundError as error:
        raise DataError(f"Data file {str(path)!r} is missing.") from error
    except OSError as error:
        raise DataError(f"Data file {str(path)!r} cannot be read: {error.strerror}.") from error
    return list(_rows(path, lines))


def _rows(path: Path, lines: Sequence[bytes]) -> Iterator[RawRow]:
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        where = f"{str(path)!r} line {number}"
        try:
            fields = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise DataError(f"{where} is not JSON: {error}.") from error
        if not isinstance(fields, dict):
            raise DataError(f"{where} is not a JSON object but {type(fields).__name__}.")
        if _HALF.search(line) and not _is_text(fields):
            raise DataError(f"{where} holds half a character (a lone surrogate, \\ud800 to \\udfff), which is no text.")
        yield RawRow(where, number, fields)


def _is_text(fields: dict[str, Any]) -> bool:
    try:
        json.dumps(fields, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _read_directory(directory: Path, layout: Layout) -> RawData:
    missing = [name for name in (layout.train, layout.test) if not (directory / name).is_file()]
    if missing:
        raise DataError(
            f"The data directory {str(directory)!r} has no file {' and no file '.join(map(repr, missing))}. "
            "Put it there, or unset --sota-data and DSPYSOTA_DATA to take the rows from the hub or an offline twin."
        )
    return RawData(
        name=layout.name,
        source="directory",
        origin=f"directory {directory.resolve().name}",
        train=read_jsonl(directory / layout.train),
        test=read_jsonl(directory / layout.test),
    )


def _make_twin(layout: Layout) -> RawData:
    twin = importlib.import_module(layout.twin)
    train, test = twin.rows()
    return RawData(
        name=twin.NAME,
        source="twin",
        origin=twin.ORIGIN,
        train=[RawRow(f"{twin.NAME} train row {i}", i, row) for i, row in enumerate(train, start=1)],
        test=[RawRow(f"{twin.NAME} test row {i}", i, row) for i, row in enumerate(test, start=1)],
    )


def _to_stderr(line: str) -> None:
    sys.stderr.write(f"dspysota: {line}\n")
