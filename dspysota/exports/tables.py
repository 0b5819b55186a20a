"""Parquet and JSON lines."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from dspysota import __version__
from dspysota.exports.rows import SCHEMA, Column, Value, clean, columns, rows
from dspysota.exports.staging import Staging
from dspysota.records import Run

PARQUET, JSONL = "cases.parquet", "cases.jsonl"
GROUP = 5_000
"""Rows that are held in memory, and written as one row group, at a time."""


def write_parquet(runs: Sequence[Run], staging: Staging) -> None:
    """`cases.parquet`: typed columns, compressed by zstd; its metadata says which schema it has."""
    import pyarrow as pa
    from pyarrow import parquet

    wanted = columns(runs)
    about = {"dspysota.schema": str(SCHEMA), "dspysota.version": __version__}
    schema = pa.schema([pa.field(one.name, _types(pa)[one.kind]) for one in wanted], metadata=about)
    path = staging.file(PARQUET)
    with parquet.ParquetWriter(path, schema, compression="zstd") as writer:
        for group in _groups(runs, wanted, staging.source):
            writer.write_table(pa.Table.from_pylist(group, schema=schema))


def write_jsonl(runs: Sequence[Run], staging: Staging) -> None:
    """`cases.jsonl`: the same rows and names, an object a line; times as ISO 8601."""
    wanted = columns(runs)
    path = staging.file(JSONL)
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for group in _groups(runs, wanted, staging.source):
            file.writelines(json.dumps(row, ensure_ascii=False, default=_iso) + "\n" for row in group)


def _groups(runs: Sequence[Run], wanted: Sequence[Column], source: str) -> Iterator[list[dict[str, Value]]]:
    group: list[dict[str, Value]] = []
    for run in runs:
        for row in rows(run, source):
            group.append({one.name: _value(row.get(one.name)) for one in wanted})
            if len(group) == GROUP:
                yield group
                group = []
    if group:
        yield group


def _value(value: Value) -> Value:
    return clean(value) if isinstance(value, str) else value


def _iso(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} is in no column")


def _types(pa: Any) -> Mapping[str, Any]:
    turn = pa.struct([("role", pa.string()), ("content", pa.string())])
    call = [("messages", pa.list_(turn)), ("output", pa.string()), ("seconds", pa.float64()), ("error", pa.string())]
    return {
        "text": pa.string(),
        "whole": pa.int64(),
        "number": pa.float64(),
        "time": pa.timestamp("ms", tz="UTC"),
        "requests": pa.list_(pa.struct(call)),
    }
