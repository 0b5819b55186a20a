"""Data directories: made-up ones, and the real one where it is at hand."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.tasks.rows import Rows, gsm8k_row, hotpotqa_row

ROOT = Path(__file__).parents[2]


Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write rows (or raw lines) as a data directory; give only what differs from twenty good rows a file."""

    def write_rows(**files: Rows | list[str]) -> Path:
        folder = tmp_path / "rows"
        good = {
            "gsm8k_train": [gsm8k_row(n) for n in range(1, 21)],
            "gsm8k_test": [gsm8k_row(n) for n in range(101, 121)],
            "hotpotqa_train": [hotpotqa_row(n) for n in range(1, 21)],
            "hotpotqa_dev": [hotpotqa_row(n) for n in range(101, 121)],
        }
        for name, rows in (good | files).items():
            path = folder.joinpath(*name.split("_")).with_suffix(".jsonl")
            path.parent.mkdir(parents=True, exist_ok=True)
            lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
            path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return folder

    return write_rows


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The directory of real rows that DSPYSOTA_DATA or the neighbourhood of this repository has; else skip."""
    folder = Path(os.environ.get("DSPYSOTA_DATA") or ROOT.parent / "shared" / "data")
    if not (folder / "gsm8k" / "test.jsonl").is_file() or not (folder / "hotpotqa" / "dev.jsonl").is_file():
        pytest.skip("no real rows: set DSPYSOTA_DATA to a directory that has them")
    return folder
