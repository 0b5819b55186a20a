"""The same model, prepared in the same way, on several tasks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dspysota.report.charts import spec
from dspysota.report.charts.figure import Figure, Head, Line
from dspysota.report.charts.spec import Mark, Scale, Spec, at, of, value
from dspysota.report.charts.strips import Name, Strips
from dspysota.report.text import scored
from dspysota.report.view import Metric, RunView

APART = 9
"""Pixels between the data sets of a row."""


@dataclass(frozen=True)
class Spot:
    """A run on one of the data sets, `place` in their order."""

    view: RunView
    place: int
    metric: Metric


@dataclass(frozen=True)
class Prepared:
    """A model prepared in one way, and its runs: on at least two data sets."""

    model: str
    how: str
    spots: tuple[Spot, ...]


def figure(names: Sequence[str], rows: Sequence[Prepared]) -> Figure:
    """The chart; `names` are the data sets, each of which has a colour and a shape."""
    return Figure(
        title="The same on every task",
        unit="score, each task by its own metric",
        words=". ".join(_words(row, names) for row in rows),
        first="Model and approach",
        columns=tuple(names),
        lines=tuple(Line(Head(f"{row.model} {row.how}"), tuple(_cells(row, len(names)))) for row in rows),
        wide=_spec(names, rows, wide=True),
        narrow=_spec(names, rows, wide=False),
    )


def _cells(row: Prepared, places: int) -> Iterator[str]:
    for place in range(places):
        found = [spot for spot in row.spots if spot.place == place]
        yield "; ".join(_score(spot) for spot in found) or "–"


def _score(spot: Spot) -> str:
    info = spot.view.run.info
    return f"{scored(spot.metric.mean, spot.metric.interval)} {spot.metric.name}, {info.program} ({spot.view.number})"


def _words(row: Prepared, names: Sequence[str]) -> str:
    return f"{row.model} {row.how}: " + ", ".join(f"{names[spot.place]} {spot.metric.mean:.3f}" for spot in row.spots)


def _spec(names: Sequence[str], rows: Sequence[Prepared], *, wide: bool) -> Spec:
    most = max(len(row.spots) for row in rows)
    strips = Strips(
        names=[Name(row.model, row.how) for row in rows], wide=wide, right=18, bottom=44, row=max(36, 18 + APART * most)
    )
    top = spec.ceiling(spot.metric.interval.high for row in rows for spot in row.spots)
    axes = [spec.axis("bottom", "x", spec.steps(top))]
    below = {"x": value(strips.frame.across), "y": value(strips.frame.down + 34), "align": value("right")}
    title = spec.text([{"text": "score →"}], spec.SOFT, spec.SIZE - 1, **below)
    marks = [*strips.marks(), *_marks(names, rows, strips), title]
    return spec.chart(strips.frame, {"x": Scale(low=0, high=top)}, axes, marks)


def _marks(names: Sequence[str], rows: Sequence[Prepared], strips: Strips) -> Iterator[Mark]:
    found = [
        {
            "score": spot.metric.mean,
            "low": spot.metric.interval.low,
            "high": spot.metric.interval.high,
            "y": strips.y(place) + APART * (i - (len(row.spots) - 1) / 2),
            "colour": spec.colour(spot.place),
            "shape": spec.shape(spot.place),
            "words": f"{names[spot.place]}: {spot.view.number} {spot.view.run.name}, {_score(spot)}",
        }
        for place, row in enumerate(rows)
        for i, spot in enumerate(row.spots)
    ]
    yield spec.rule(found, 1.5, x=at("x", "low"), x2=at("x", "high"), y=of("y"))
    edge = {"stroke": value(spec.PAPER), "strokeWidth": value(1)}
    yield spec.dots(found, 4.5, x=at("x", "score"), y=of("y"), **edge)
