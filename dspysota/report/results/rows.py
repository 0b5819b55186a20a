"""A Markdown table of runs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dspysota.report.markdown import plain

NAMES = 4
"""The first columns, which name a run: model, program, approach and adapter. The others are numbers."""


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """The lines of a table, numbers to the right, and an empty one behind; nothing where there are no rows."""
    body = ["| " + " | ".join(plain(cell) for cell in row) + " |" for row in rows]
    rule = ["-" if place < NAMES else "-:" for place in range(len(head))]
    return ["| " + " | ".join(map(plain, head)) + " |", "|" + "|".join(rule) + "|", *body, ""] if body else []
