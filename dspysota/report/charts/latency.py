"""How long the questions of each run took: one strip a run, on one logarithmic axis."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dspysota.latency import PERCENTILES, Spread
from dspysota.report.charts import spec
from dspysota.report.charts.figure import Figure, Head, Line
from dspysota.report.charts.spec import Mark, Scale, Spec, at, of, value
from dspysota.report.charts.strips import Name, Strips
from dspysota.report.text import short
from dspysota.report.view import RunView

LEAST = 0.001
"""Seconds: what is shorter lies at the left end of a logarithmic axis, which has no zero."""
MOST_TICKS = (9, 5)


@dataclass(frozen=True)
class Timed:
    """A run that was measured; `model` is the place of its model's colour."""

    view: RunView
    model: int
    spread: Spread


def figure(name: str, runs: Sequence[Timed]) -> Figure:
    """The chart of one data set."""
    return Figure(
        title="Seconds a question",
        unit=name,
        words=". ".join(_words(one) for one in runs),
        first="Run",
        columns=("Fastest", "p25", "p50", "p75", *(f"p{q}" for q in PERCENTILES[1:]), "Slowest", "Questions"),
        lines=tuple(Line(Head.of(one.view), _cells(one.spread)) for one in runs),
        wide=_spec(runs, wide=True),
        narrow=_spec(runs, wide=False),
    )


def _cells(spread: Spread) -> tuple[str, ...]:
    inner = [short(spread.at(q)) for q in (0, 25, 50, 75)]
    tail = ["–" if spread.few(q) else short(spread.at(q)) for q in PERCENTILES[1:]]
    return (*inner, *tail, short(spread.at(100)), f"{spread.n:,}")


def _words(one: Timed) -> str:
    half, most, every = (short(one.spread.at(q)) for q in (50, 95, 100))
    name = f"{one.view.run.info.model.name} {one.view.variant}"
    tail = "" if one.spread.few(95) else f"95% within {most} s, "
    return f"{name}: half within {half} s, {tail}all within {every} s"


def _spec(runs: Sequence[Timed], *, wide: bool) -> Spec:
    strips = Strips(names=[Name.of(one.view) for one in runs], wide=wide, right=14, bottom=44, row=36)
    least = max(LEAST, min(one.spread.values[0] for one in runs)) / 1.2
    most = max(LEAST, max(one.spread.values[-1] for one in runs)) * 1.2
    scale = Scale(low=least, high=most, kind="log")
    found = [(tick, f"{tick:,g}") for tick in spec.ticks(least, most)]
    axes = [spec.axis("bottom", "x", spec.fitting(found, scale, strips.frame, MOST_TICKS[0 if wide else 1]))]
    marks = [*strips.marks(), *_marks(runs, strips), *_axis(strips)]
    return spec.chart(strips.frame, {"x": scale}, axes, marks)


def _axis(strips: Strips) -> Iterator[Mark]:
    below = {"x": value(strips.frame.across), "y": value(strips.frame.down + 34), "align": value("right")}
    yield spec.text([{"text": "seconds, logarithmic →"}], spec.SOFT, spec.SIZE - 1, **below)


def _marks(runs: Sequence[Timed], strips: Strips) -> Iterator[Mark]:
    rows = [_row(one, strips.y(place)) for place, one in enumerate(runs)]
    yield spec.rule(rows, 1.5, x=at("x", "q0"), x2=at("x", "q100"), y=of("y"))
    thick = {"strokeOpacity": value(0.35)}
    yield spec.rule(rows, 9, x=at("x", "q25"), x2=at("x", "q75"), y=of("y"), **thick)
    tail = [
        {"x": max(LEAST, one.spread.at(q)), "y": row["y"], "top": float(row["y"]) - 6, "colour": row["colour"]}
        for one, row in zip(runs, rows, strict=True)
        for q in PERCENTILES[1:]
        if not one.spread.few(q)
    ]
    ends = [{**one, "bottom": float(one["y"]) + 6} for one in tail]
    yield spec.rule(ends, 1.5, x=at("x", "x"), y=of("top"), y2=of("bottom"))
    yield spec.dots(rows, x=at("x", "q50"), y=of("y"), stroke=value(spec.PAPER), strokeWidth=value(1))


def _row(one: Timed, y: float) -> dict[str, str | float]:
    places = {f"q{q}": max(LEAST, one.spread.at(q)) for q in (0, 25, 50, 75, 100)}
    look = {"colour": spec.colour(one.model), "shape": spec.shape(one.model)}
    return {**places, "y": y, "words": f"{one.view.number} {one.view.run.name}: {_words(one)}", **look}
