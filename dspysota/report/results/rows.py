"""A Markdown table of runs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dspysota.records import Run
from dspysota.report.markdown import plain

NAMES = ("model", "program", "approach", "adapter")
"""The first columns, which name a run. The others are numbers."""


def table(head: Sequence[str], rows: Iterable[tuple[Run, Sequence[str]]]) -> list[str]:
    """The lines of a table with a row a run: its names, then its cells under `head`; and an empty line behind.

    Nothing where there are no rows.
    """
    body = [_line([*_names(run), *cells]) for run, cells in rows]
    rule = "|" + "|".join([*("-" for _ in NAMES), *("-:" for _ in head)]) + "|"
    return [_line([*NAMES, *head]), rule, *body, ""] if body else []


def _names(run: Run) -> tuple[str, ...]:
    info = run.info
    approach = info.prepared if info.provenance == "measured" else f"{info.prepared} ({info.provenance})"
    return (info.model.name, info.program, approach, info.adapter)


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(map(plain, cells)) + " |"
