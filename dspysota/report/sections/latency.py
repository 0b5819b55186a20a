"""How long answers took: percentiles of questions, calls, first tokens and queueing, and one chart of all runs."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from dspysota.latency import PERCENTILES, Quantile, Reconciliation, Spread, reconcile
from dspysota.report.sections.frontier import ticks
from dspysota.report.text import short
from dspysota.report.view import Report, RunView

WIDTH, LEFT, RIGHT = 640, 8, 16
ROW, BOTTOM = 40, 40
"""Height of a run's strip and of the axis below all of them, in the chart's units."""
LEAST = 0.001
"""Seconds: what is shorter lies at the left end of a logarithmic axis, which has no zero."""


@dataclass(frozen=True)
class Row:
    """One quantity of one run: a cell for each of `PERCENTILES`, and of how many it is, out of how many there are."""

    name: str
    cells: tuple[Quantile, ...]
    known: str


@dataclass(frozen=True)
class Group:
    """One run: its rows, and the server's counters beside its answers where they were read."""

    view: RunView
    rows: tuple[Row, ...]
    reconciled: Reconciliation | None


@dataclass(frozen=True)
class Strip:
    """One run in the chart: places on the axis of the fastest and slowest question and of its percentiles."""

    view: RunView
    model: int
    y: float
    ends: tuple[float, float]
    middle: tuple[float, float]
    """p25 and p75."""
    half: float
    tail: tuple[float, ...]
    """p90, p95 and p99."""


@dataclass(frozen=True)
class Chart:
    """All runs. `ticks` are (place, words); `words` tells the chart to who cannot see it."""

    height: float
    strips: tuple[Strip, ...]
    ticks: tuple[tuple[float, str], ...]
    words: str


def values(report: Report) -> Mapping[str, object] | None:
    """A group of rows for each run that has cases, and the chart; None where no run has."""
    views = [view for view in report.runs if view.n]
    if not views:
        return None
    return {
        "groups": [Group(view, tuple(_rows(view)), reconcile(view.run)) for view in views],
        "percentiles": PERCENTILES,
        "chart": _chart(views, report.model_names()),
        "width": WIDTH,
        "axis": (LEFT, WIDTH - RIGHT),
    }


def _rows(view: RunView) -> Iterator[Row]:
    latency = view.latency
    spreads = {
        "a question": latency.question,
        "a call": latency.call,
        "to the first token": latency.first_token,
        "in the queue": latency.queue,
    }
    for name, spread in spreads.items():
        if spread is not None:
            known = f"{spread.n:,}" if spread.n == spread.of else f"{spread.n:,} of {spread.of:,}"
            yield Row(name, spread.quantiles, known)


def _chart(views: Sequence[RunView], models: Sequence[str]) -> Chart:
    spreads = [(view, spread) for view in views if (spread := view.latency.question)]
    least = max(LEAST, min(spread.values[0] for _, spread in spreads)) / 1.2
    most = max(LEAST, max(spread.values[-1] for _, spread in spreads)) * 1.2

    def x(seconds: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * math.log(max(seconds, least) / least) / math.log(most / least)

    strips = (
        Strip(
            view=view,
            model=models.index(view.run.info.model.name),
            y=(place + 1) * ROW - 10,
            ends=(x(spread.values[0]), x(spread.values[-1])),
            middle=(x(spread.at(25)), x(spread.at(75))),
            half=x(spread.at(50)),
            tail=tuple(x(spread.at(q)) for q in PERCENTILES[1:]),
        )
        for place, (view, spread) in enumerate(spreads)
    )
    return Chart(
        height=len(spreads) * ROW + BOTTOM,
        strips=tuple(strips),
        ticks=tuple((x(tick), short(tick)) for tick in ticks(least, most)),
        words="; ".join(_words(view, spread) for view, spread in spreads),
    )


def _words(view: RunView, spread: Spread) -> str:
    name = f"{view.run.info.data.name}, {view.run.info.model.name} {view.variant}"
    half, most, all_ = (short(spread.at(q)) for q in (50, 95, 100))
    return f"{name}: half within {half} s, 95% within {most} s, all within {all_} s"
