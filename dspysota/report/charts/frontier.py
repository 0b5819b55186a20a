"""Quality against cost on one data set: runs with both intervals, the Pareto front, references, and what is claimed."""

from __future__ import annotations

from collections.abc import Sequence

from dspysota.report.charts.figure import Figure, Head, Line
from dspysota.report.charts.points import Bar, Cost, Point, amounts, words
from dspysota.report.charts.scatter import NARROW, WIDE, Drawing
from dspysota.report.text import scored


def figure(name: str, metric: str, cost: Cost, points: Sequence[Point], bars: Sequence[Bar], lacking: str) -> Figure:
    """The chart of a data set; `lacking` says which runs have no place in it, and why."""
    return Figure(
        title=f"{metric} against {cost.words}",
        unit=name,
        words=words(name, cost, points, bars),
        first="Run",
        columns=(f"{metric} [95%]", f"{cost.words} [95%]", "In the chart"),
        lines=tuple(
            Line(
                Head.of(one.view),
                (
                    scored(one.metric.mean, one.metric.interval),
                    amounts(cost, one),
                    ", ".join((*one.roles, one.view.run.info.provenance)),
                ),
            )
            for one in points
        ),
        wide=Drawing(cost, points, bars, WIDE).spec(),
        narrow=Drawing(cost, points, bars, NARROW).spec(),
        left=("In the chart",),
        notes=(lacking,) if lacking else (),
    )
