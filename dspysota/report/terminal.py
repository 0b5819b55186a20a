"""One aligned line a run, for the end of a pytest session."""

from __future__ import annotations

from collections.abc import Sequence

from dspysota.records import Run
from dspysota.report import text
from dspysota.report.meta import ReportMeta
from dspysota.report.view import RunView, in_order

COST = "cost/q"
"""The column that is there only where a cost is known."""

HEAD = ("", "run", "n", "score [95%]", "tok/q", COST, "q/s", "p95", "not right")
RIGHT = frozenset({"n", "tok/q", COST, "q/s", "p95"})
_ASCII = str.maketrans({"·": "/", "–": "-", "…": "...", "×": "x", "“": '"', "”": '"', "’": "'"})


def lines(runs: Sequence[Run], meta: ReportMeta | None = None, *, ascii_only: bool = True) -> list[str]:
    """A heading and one line a run, in the order given; none without runs.

    The outcome stands first, where an eye that runs down the column finds it. With `ascii_only`, for a pipe or a log,
    everything is ASCII. Missed bars follow indented below their run.
    """
    if not runs:
        return []
    report = in_order(runs, meta or ReportMeta(command=""))
    table = [HEAD, *(_cells(view) for view in report.runs)]
    if not any(view.cost for view in report.runs):
        place = HEAD.index(COST)
        table = [(*row[:place], *row[place + 1 :]) for row in table]
    head = table[0]
    widths = [max(len(row[i]) for row in table) for i in range(len(head))]
    shown = [_line(head, widths, head)]
    for view, row in zip(report.runs, table[1:], strict=True):
        shown.append(_line(row, widths, head))
        shown += [f"{'':{widths[0]}}  - {text.visible(miss)}" for miss in (view.outcome.misses if view.outcome else ())]
    return [_ascii(line) for line in shown] if ascii_only else shown


def _cells(view: RunView) -> tuple[str, ...]:
    metric = view.primary
    return (
        {"passed": "PASS", "failed": "FAIL"}.get(view.verdict, "-"),
        text.visible(view.run.name),
        view.asked,
        text.scored(metric.mean, metric.interval) if metric else "no cases",
        text.tokens(view.tokens) if view.n else "–",
        text.per_question(view.cost),
        text.short(view.rate),
        f"{text.short(view.p95)}s" if view.p95 is not None else "–",
        text.failures(view.failures) or "none",
    )


def _line(cells: Sequence[str], widths: Sequence[int], heads: Sequence[str]) -> str:
    padded = [
        cell.rjust(width) if head in RIGHT else cell.ljust(width)
        for cell, width, head in zip(cells, widths, heads, strict=True)
    ]
    return "  ".join(padded).rstrip()


def _ascii(line: str) -> str:
    return line.translate(_ASCII).encode("ascii", "backslashreplace").decode()
