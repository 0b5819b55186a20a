"""Fixtures: compressed lines of JSON. The first says what made them, each other is one row."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[2] / "tests" / "metrics" / "agreement"


def write(name: str, head: Mapping[str, Any], rows: Iterable[Any]) -> Path:
    """Write a fixture, the same bytes for the same content; return its path."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"{name}.jsonl.gz"
    lines = "".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n" for row in (head, *rows))
    path.write_bytes(gzip.compress(lines.encode(), compresslevel=9, mtime=0))
    return path


def read(name: str) -> tuple[dict[str, Any], list[Any]]:
    """Return a fixture's head and rows."""
    with gzip.open(FOLDER / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        head, *rows = map(json.loads, lines)
    return head, rows
