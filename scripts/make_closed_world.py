"""Write the closed-world questions to DIR/closed_world/{train,test}.jsonl, to be read by people or other programs.

Usage: python -m scripts.make_closed_world DIR

The rows are always the same; dspysota makes them when it needs them and does not read these files. They do not go by
HotpotQA's file names, so that nobody's data directory mistakes them for it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from dspysota.tasks.twins import closed_world


def main(arguments: list[str]) -> int:
    """Write both files; return the exit status."""
    if len(arguments) != 1 or arguments[0].startswith("-"):
        print(__doc__, file=sys.stderr)
        return 2
    folder = Path(arguments[0]) / closed_world.NAME
    folder.mkdir(parents=True, exist_ok=True)
    for split, rows in zip(("train", "test"), closed_world.rows(), strict=True):
        path = folder / f"{split}.jsonl"
        path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
        print(f"{len(rows)} rows in {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
