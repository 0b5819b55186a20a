"""JSON lines: one record a line, written whole or not at all, and read with the place of every fault."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from dspysota.errors import RunError
from dspysota.records import SCHEMA

R = TypeVar("R", bound=BaseModel)


def place(path: Path) -> str:
    """How messages name a file: its folder and its name, never the whole path."""
    return f"{path.parent.name}/{path.name}"


def parse(model: type[R], line: bytes, path: Path, number: int) -> R:
    """Record of one line; raises RunError naming the file, the line (from 1) and the first thing wrong with it."""
    try:
        return model.model_validate_json(line)
    except ValidationError as wrong:
        first = wrong.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "the line"
        raise RunError(f'"{place(path)}", line {number}: {where}: {first["msg"]}.') from None


def check_schema(schema: int, path: Path) -> None:
    """Raises RunError when a file was written by a newer dspysota."""
    if schema > SCHEMA:
        raise RunError(
            f'"{place(path)}" has format {schema}, and this dspysota reads up to {SCHEMA}; '
            "upgrade it with: pip install --upgrade dspysota."
        )


def read_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Number (from 1) and text of each line that is not blank; raises RunError when the file cannot be read."""
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield number, line
    except OSError as wrong:
        raise RunError(f'"{place(path)}" cannot be read: {wrong.strerror}.') from None


def write_whole(path: Path, data: bytes) -> None:
    """Writes a file so that a reader finds the old content or the new, never a part; raises RunError."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_bytes(data)
        beside.replace(path)
    except OSError as wrong:
        beside.unlink(missing_ok=True)
        raise RunError(f'"{place(path)}" cannot be written: {wrong.strerror}.') from None
