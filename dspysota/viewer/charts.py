"""Small charts of one quantity of one series: Vega-Lite specifications, drawn to SVG at the page's making.

Colours are the page's own variables, so that a chart is dark where the page is. No text of a record gets into a chart,
but dates and hexadecimal digits that were read as such.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from dspysota.history import Point, Series
from dspysota.report import text

WIDTH, HEIGHT = 272, 136
"""Of a whole drawing, axes included, so that charts beside each other are of one size."""
EXTENT = 54
"""Pixels beside a chart for its numbers."""
PLAIN = "~r"
FORMS = {"$": "$~r", "FLOP": "~s"}
"""How numbers are written, in the words of d3-format: without an exponent, but for powers of a thousand of FLOP."""
TICKS = 4
"""About so many on an axis. Its scale ends at one of them: by more ticks than are drawn it would end above the last."""
MOST = 60
"""Points of a chart: of more, the newest."""


@dataclass(frozen=True)
class Measure:
    """A quantity of a run: its value, the ends of its interval where it has one, and which runs can be compared."""

    name: str
    value: Callable[[Point], float | None]
    ends: Callable[[Point], tuple[float | None, float | None]]
    same: Callable[[Point], str]
    said: Callable[[float, Point], str]
    colour: str


QUALITY = Measure(
    "score",
    lambda one: one.score,
    lambda one: (one.low, one.high),
    lambda one: one.same_rows,
    lambda value, _: text.score(value),
    "--m0",
)
COST = Measure(
    "cost a question",
    lambda one: one.cost,
    lambda one: (one.cost_low, one.cost_high),
    lambda one: f"{one.unit}\n{one.same_cost}",
    lambda value, one: text.amount(value, one.unit),
    "--m1",
)
SPEED = Measure(
    "p95 seconds a question",
    lambda one: one.p95,
    lambda _: (None, None),
    lambda one: one.same_speed,
    lambda value, _: f"{text.short(value)} s",
    "--m2",
)
MEASURES = (QUALITY, COST, SPEED)


@dataclass(frozen=True)
class Chart:
    """A drawing, and the same in words."""

    name: str
    svg: str
    words: str


def all_of(series: Series) -> tuple[Chart, ...]:
    """Its charts: score, cost and latency, as far as there is something to draw."""
    return tuple(filter(None, (chart(series, measure) for measure in MEASURES)))


def chart(series: Series, measure: Measure) -> Chart | None:
    """The chart of a series; None where fewer than two of its runs have the quantity."""
    known = [one for one in series.points if measure.value(one) is not None][-MOST:]
    if len(known) < 2:
        return None
    spec = _spec(_rows(known, measure), measure, FORMS.get(known[-1].unit, PLAIN) if measure is COST else PLAIN)
    return Chart(measure.name, _drawn(json.dumps(spec)), _words(known, measure))


def labels(points: Sequence[Point]) -> list[str]:
    """What stands below each point: its commit where they differ, else its day.

    >>> labels([])
    []
    """
    commits = {one.commit for one in points}
    if "" not in commits and len(commits) > 1:
        return [one.commit[:7] for one in points]
    return [_day(one.started) for one in points]


def _rows(points: Sequence[Point], measure: Measure) -> list[dict[str, Any]]:
    """A row a point. `part` changes where a point cannot be compared with the one before it: no line joins them."""
    rows: list[dict[str, Any]] = []
    part, before = 0, None
    for place, (one, label) in enumerate(zip(points, labels(points), strict=True)):
        same = measure.same(one)
        part += before is not None and same != before
        before = same
        low, high = (end if end is not None and math.isfinite(end) else None for end in measure.ends(one))
        bounds = {"low": low, "high": high} if low is not None and high is not None else {}
        rows.append({"x": f"{place:04d}|{label}", "y": measure.value(one), "part": part, **bounds})
    return rows


def _spec(rows: Sequence[dict[str, Any]], measure: Measure, form: str) -> dict[str, Any]:
    colour = f"var({measure.colour})"
    x = {"field": "x", "type": "ordinal", "sort": None, "axis": _x_axis()}
    y = {"field": "y", "type": "quantitative", "scale": {"zero": True, "nice": TICKS}, "axis": _y_axis(form)}
    common = {"x": x, "detail": {"field": "part"}}
    layers: list[dict[str, Any]] = [
        {
            "transform": [{"filter": "isValid(datum.low)"}],
            "mark": {"type": "rule", "color": colour, "opacity": 0.45, "strokeWidth": 2, "strokeCap": "round"},
            "encoding": {"x": x, "y": {"field": "low", "type": "quantitative"}, "y2": {"field": "high"}},
        },
        {"mark": {"type": "line", "color": colour, "strokeWidth": 1.5}, "encoding": {**common, "y": y}},
        {"mark": {"type": "circle", "color": colour, "size": 36, "opacity": 1}, "encoding": {**common, "y": y}},
    ]
    if not any("low" in row for row in rows):
        layers = layers[1:]
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "width": WIDTH,
        "height": HEIGHT,
        "padding": 2,
        "autosize": {"type": "fit", "contains": "padding"},
        "background": None,
        "data": {"values": list(rows)},
        "layer": layers,
        "config": {"view": {"stroke": None}, "aria": False, "axis": _AXES},
    }


_AXES = {
    "title": None,
    "labelColor": "var(--soft)",
    "labelFont": "sans-serif",
    "labelFontSize": 11,
    "gridColor": "var(--rule)",
    "domainColor": "var(--axis)",
    "tickColor": "var(--axis)",
}


def _x_axis() -> dict[str, Any]:
    return {
        "labelAngle": 0,
        "labelOverlap": "greedy",
        "labelSeparation": 8,
        "labelExpr": "split(datum.value, '|')[1]",
        "grid": False,
    }


def _y_axis(form: str) -> dict[str, Any]:
    """Few ticks, as wide in every chart, so that the charts of a page stand below each other."""
    room = {"minExtent": EXTENT, "maxExtent": EXTENT}
    return {"tickCount": TICKS, "domain": False, "ticks": False, "format": form, **room}


def _words(points: Sequence[Point], measure: Measure) -> str:
    first, last = points[0], points[-1]
    values = [(measure.value(one) or 0.0, one) for one in points]
    low, high = (pick(values, key=lambda pair: pair[0]) for pick in (min, max))
    return (
        f"{measure.name} of {len(points)} runs from {_day(first.started)} to {_day(last.started)}: "
        f"first {measure.said(*values[0])}, last {measure.said(*values[-1])}, "
        f"lowest {measure.said(*low)}, highest {measure.said(*high)}"
    )


def _day(iso: str) -> str:
    try:
        when = datetime.fromisoformat(iso)
    except ValueError:
        return "?"
    return f"{when.day} {when:%b}"


@lru_cache(maxsize=2_000)
def _drawn(spec: str) -> str:
    """Kept, because a chart changes only when a run is added to it."""
    import vl_convert  # late: it brings a JavaScript engine

    # No address is allowed: nothing is fetched, whatever a specification holds.
    return str(vl_convert.vegalite_to_svg(spec, allowed_base_urls=[]))
