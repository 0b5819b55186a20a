"""One aligned line a run, for the end of a pytest session."""

from __future__ import annotations

from collections.abc import Sequence

from dspysota.gate import Gate, sentences
from dspysota.records import Run
from dspysota.report import text
from dspysota.report.meta import ReportMeta
from dspysota.report.view import RunView, in_order

HEAD = ("", "run", "n", "score [95%]", "tok/q", "q/s", "p95", "not right")
RIGHT = frozenset({"n", "tok/q", "q/s", "p95"})
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
    widths = [max(len(row[i]) for row in table) for i in range(len(HEAD))]
    shown = [_line(HEAD, widths)]
    for view, row in zip(report.runs, table[1:], strict=True):
        shown.append(_line(row, widths))
        shown += [f"{'':{widths[0]}}  - {text.visible(miss)}" for miss in (view.outcome.misses if view.outcome else ())]
    return [_ascii(line) for line in shown] if ascii_only else shown


def gate_lines(gate: Gate | None, saved: Sequence[str] = (), *, ascii_only: bool = True) -> list[str]:
    """The gate's decision, what fails first, and what was saved."""
    shown = [text.visible(line) for line in (*(sentences.lines(gate) if gate else ()), *saved)]
    return [_ascii(line) for line in shown] if ascii_only else shown


def _cells(view: RunView) -> tuple[str, ...]:
    metric = view.primary
    return (
        {"passed": "PASS", "failed": "FAIL"}.get(view.verdict, "-"),
        text.visible(view.run.name),
        view.asked,
        text.scored(metric.mean, metric.interval) if metric else "no cases",
        text.tokens(view.tokens) if view.n else "–",
        text.short(view.rate),
        f"{text.short(view.p95)}s" if view.p95 is not None else "–",
        text.failures(view.failures) or "none",
    )


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = [
        cell.rjust(width) if head in RIGHT else cell.ljust(width)
        for cell, width, head in zip(cells, widths, HEAD, strict=True)
    ]
    return "  ".join(padded).rstrip()


def _ascii(line: str) -> str:
    return line.translate(_ASCII).encode("ascii", "backslashreplace").decode()
