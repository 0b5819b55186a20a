"""What a program's key is made of: without what is this machine's alone, and compared with what is wanted.

Imports no DSPy.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dspysota import paths

LEFT_OUT = "(left out)"
"""Stands for an address, a folder or a secret."""

_ADDRESS = re.compile(r"\b[a-zA-Z][a-zA-Z0-9+.-]{0,20}://[^\s'\"<>]+")
_SECRET = re.compile(r"api_?key|secret|password|authorization|(?:^|_)token$", re.IGNORECASE)


def portable(value: Any, name: str = "") -> Any:
    """Return a JSON value without addresses, folders of this machine, and what bears the `name` of a secret."""
    if isinstance(value, dict):
        return {key: portable(inner, key) for key, inner in value.items()}
    if isinstance(value, list):
        return [portable(inner) for inner in value]
    if not isinstance(value, str):
        return value
    if _SECRET.search(name):
        return LEFT_OUT
    text = _ADDRESS.sub(LEFT_OUT, value)
    for folder in (str(paths.cache_home()), str(Path.cwd()), str(Path.home())):
        if folder != os.sep:
            text = text.replace(folder, LEFT_OUT)
    return text


def lacks(value: Any) -> bool:
    """Return whether anything was left out of a JSON value."""
    return LEFT_OUT in json.dumps(value, ensure_ascii=False)


def difference(stored: Mapping[str, Any], wanted: Mapping[str, Any]) -> str | None:
    """Return in words the first part that differs, None where there is none; what was left out differs from nothing.

    >>> difference({"approach": "copro", "given": {"at": "(left out)"}}, {"approach": "knn", "given": {"at": "/tmp"}})
    'approach ("copro" instead of "knn")'
    >>> difference({"given": {"at": "(left out)/v1"}}, {"given": {"at": "http://10.0.0.1/v1"}})
    """
    sought = json.loads(json.dumps(wanted))
    for name in sorted({*stored, *sought}):
        if name not in stored or name not in sought or not _same(stored[name], sought[name], name):
            there, here = (json.dumps(values.get(name))[:80] for values in (stored, sought))
            return f"{json.dumps(name)[1:-1][:40]} ({there} instead of {here})"
    return None


def _same(stored: Any, wanted: Any, name: str) -> bool:
    if isinstance(stored, dict) and isinstance(wanted, dict):
        return stored.keys() == wanted.keys() and all(_same(stored[key], wanted[key], key) for key in wanted)
    if isinstance(stored, list) and isinstance(wanted, list):
        return len(stored) == len(wanted) and all(_same(*pair, "") for pair in zip(stored, wanted, strict=True))
    if isinstance(stored, str) and isinstance(wanted, str) and LEFT_OUT in stored:
        return bool(_SECRET.search(name)) or _fits(stored, wanted)
    return json.dumps(stored) == json.dumps(wanted)


def _fits(stored: str, wanted: str) -> bool:
    """Return whether a text is another one without its addresses and folders; nothing else is ever left out."""
    first, *others = stored.split(LEFT_OUT)
    if not wanted.startswith(first):
        return False
    rest = wanted[len(first) :]
    for number, piece in enumerate(others, 1):
        end = number == len(others)
        place = (len(rest) - len(piece) if rest.endswith(piece) else -1) if end else rest.find(piece or "\0")
        gap = rest[: max(place, 0)]
        if not (_ADDRESS.fullmatch(gap) or Path(gap).is_absolute()):
            return False
        rest = rest[place + len(piece) :]
    return True
