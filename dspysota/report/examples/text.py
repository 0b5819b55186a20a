"""Texts that somebody else wrote, as they are shown: bounded, with every character visible."""

from __future__ import annotations

import json
from dataclasses import dataclass

from dspysota.report.text import clip, visible

MOST = 20_000
"""Characters shown of one text at most; cases.jsonl holds the whole."""


@dataclass(frozen=True)
class Text:
    """The beginning of a text, and how many of its characters were left off."""

    shown: str
    cut: int

    @classmethod
    def of(cls, text: str, most: int = MOST) -> Text:
        """The first `most` characters."""
        return cls(*clip(text, most))


def packed(text: str, most: int) -> str | list[str | int]:
    """The same for the data: the text, or the text and how many characters were left off."""
    shown, cut = clip(text, most)
    return [visible(shown), cut] if cut else visible(shown)


def told(value: object) -> str:
    """A detail of a case as text: lists of names by dots, whatever else is no text as JSON."""
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return " · ".join(value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
