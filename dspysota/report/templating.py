"""Jinja2 as every page uses it: all that a template prints is escaped, and nothing that is missing is left blank."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from dspysota.report import text

FIGURES = (
    "amount",
    "changed",
    "count",
    "digest",
    "estimated",
    "one_line",
    "redacted",
    "score",
    "scored",
    "short",
    "tokens",
)
"""Filters of all pages, by their names in `text`: numbers and words of records are written alike everywhere."""


def environment(templates: Path, **filters: Callable[..., object]) -> Environment:
    """The templates of a folder, with the filters of all pages and these of their own."""
    made = Environment(
        loader=FileSystemLoader(templates),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    made.filters.update({name: getattr(text, name) for name in FIGURES})
    made.filters.update(filters)
    return made


def digest(source: str) -> str:
    """By what a Content-Security-Policy allows a style sheet or a script: its SHA-256 in base64."""
    return base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()


def _shown(value: object) -> object:
    """Jinja2 calls this for every value that a template prints, so that none can forget it."""
    return text.visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value
