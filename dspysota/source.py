"""Which code decided an answer, beyond what a version number tells between two releases."""

import hashlib
from functools import cache
from pathlib import Path

PACKAGES = ("approaches", "compiling", "loop", "metrics", "programs", "serving", "tasks")
"""The packages that shape prompts, answers and scores; a change of the report or the plugin changes none of them."""


@cache
def digest() -> str:
    """First 16 hexadecimal digits of the sha256 over these packages' files, by name and content."""
    root = Path(__file__).parent
    found = hashlib.sha256()
    for path in sorted(path for package in PACKAGES for path in (root / package).rglob("*")):
        if path.suffix in {".py", ".yaml"}:
            found.update(f"{path.relative_to(root).as_posix()}\n".encode() + path.read_bytes())
    return found.hexdigest()[:16]
