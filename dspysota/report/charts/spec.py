"""The words in which charts are written down: frames, scales, axes and marks of a Vega specification.

Everything has its place in pixels of its own; nothing depends on how wide a font's letters are on the machine that
draws, so that the same records give the same drawing everywhere.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

from dspysota.report.charts.labels import long
from dspysota.report.text import one_line, visible

Spec = dict[str, Any]
"""A Vega specification, as JSON values."""
Row = Mapping[str, object]
"""What a mark is drawn from: numbers and words."""
Channel = dict[str, Any]

WIDE, NARROW = 720, 358
"""Widths of the two drawings, in CSS pixels: beside a margin of text, and on a phone."""
SIZE = 12
"""Of letters, in pixels."""
APART = 6
"""Pixels between the words of neighbouring ticks, at least."""
INK, SOFT, RULE, AXIS, PAPER, ACCENT = (f"var(--{name})" for name in ("ink", "soft", "rule", "axis", "paper", "accent"))
COLOURS = tuple(f"var(--m{place})" for place in range(6))
SHAPES = (
    "M1,0A1,1,0,1,1,-1,0A1,1,0,1,1,1,0Z",
    "M-.9,-.9H.9V.9H-.9Z",
    "M0,-1.1L1.1,.9H-1.1Z",
    "M0,-1.2L1.2,0L0,1.2L-1.2,0Z",
    "M0,1.1L1.1,-.9H-1.1Z",
    "M-.4,-1H.4V-.4H1V.4H.4V1H-.4V.4H-1V-.4H-.4Z",
)
"""Within -1..1: circle, square, triangle, diamond, the triangle on its head, cross."""


def colour(place: int) -> str:
    """The colour of the model (or data set) in this place."""
    return COLOURS[place % len(COLOURS)]


def shape(place: int) -> str:
    """Its shape: colour is never all that tells two apart, and only every 36 places both are the same."""
    return SHAPES[(place + place // len(COLOURS)) % len(SHAPES)]


@dataclass(frozen=True, kw_only=True)
class Frame:
    """A drawing of `width` times `height` pixels, and its margins around the plot."""

    width: float
    height: float
    left: float = 0
    right: float = 0
    top: float = 0
    bottom: float = 0

    @property
    def across(self) -> float:
        """Width of the plot."""
        return self.width - self.left - self.right

    @property
    def down(self) -> float:
        """Height of the plot."""
        return self.height - self.top - self.bottom


@dataclass(frozen=True, kw_only=True)
class Scale:
    """From `low` to `high`, which are above 0 where it is logarithmic."""

    low: float
    high: float
    kind: Literal["linear", "log"] = "linear"

    def part(self, value: float) -> float:
        """How far a value is from `low` (0) to `high` (1); what is outside lies at the end.

        >>> Scale(low=1, high=100, kind="log").part(10), Scale(low=0, high=2).part(5)
        (0.5, 1.0)
        """
        value = min(max(value, self.low), self.high)
        if self.kind == "log":
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)

    def vega(self, name: str) -> Spec:
        """As Vega writes it down."""
        extent = "width" if name == "x" else "height"
        return {"name": name, "type": self.kind, "domain": [self.low, self.high], "range": extent}


@dataclass(frozen=True)
class Mark:
    """Marks of one kind, one for each row."""

    kind: Literal["line", "rect", "rule", "symbol", "text"]
    rows: Sequence[Row]
    channels: Mapping[str, Channel]


def at(scale: str, field: str) -> Channel:
    """A row's value, placed by a scale."""
    return {"scale": scale, "field": field}


def of(field: str) -> Channel:
    """A row's value as it is: pixels, words, a colour."""
    return {"field": field}


def value(constant: str | float | Sequence[float]) -> Channel:
    """The same for all rows."""
    return {"value": constant}


def text(rows: Sequence[Row], fill: str = INK, size: float = SIZE, /, **channels: Channel) -> Mark:
    """Words at `x` and `y`, vertically in the middle; a row has them as `text`."""
    look = {"fill": value(fill), "fontSize": value(size), "baseline": value("middle")}
    return Mark("text", rows, {"text": of("text"), **look, **channels})


def rule(rows: Sequence[Row], width: float = 1, /, **channels: Channel) -> Mark:
    """Straight lines from `x`, `y` to `x2`, `y2`; a row has `colour`."""
    return Mark("rule", rows, {"stroke": of("colour"), "strokeWidth": value(width), **channels})


def dots(rows: Sequence[Row], radius: float = 5, /, **channels: Channel) -> Mark:
    """Symbols; a row has `colour`, `shape`, and as `words` what is shown beside the pointer."""
    look = {"fill": of("colour"), "shape": of("shape"), "size": value((2 * radius) ** 2), "description": of("words")}
    return Mark("symbol", rows, {**look, **channels})


def axis(orient: str, scale: str, places: Sequence[tuple[float, str]], *, grid: bool = True) -> Spec:
    """Ticks at these values, with these words: ours, since Vega would measure letters to leave some out."""
    values = [place for place, _ in places]
    words = json.dumps([said for _, said in places], ensure_ascii=False)
    return {
        "orient": orient,
        "scale": scale,
        "values": values,
        "grid": grid,
        "domain": False,
        "ticks": False,
        "labelOverlap": False,
        "labelBound": False,
        "encode": {"labels": {"update": {"text": {"signal": f"{words}[indexof({json.dumps(values)}, datum.value)]"}}}},
    }


def chart(frame: Frame, scales: Mapping[str, Scale], axes: Sequence[Spec], marks: Iterable[Mark]) -> Spec:
    """The whole specification; marks of no rows are left out, later ones lie above earlier ones."""
    shown = [mark for mark in marks if mark.rows]
    return {
        "autosize": "none",
        "width": frame.across,
        "height": frame.down,
        "padding": {"left": frame.left, "right": frame.right, "top": frame.top, "bottom": frame.bottom},
        "config": {"axis": _AXIS},
        "data": [{"name": f"rows{i}", "values": [_seen(row) for row in mark.rows]} for i, mark in enumerate(shown)],
        "scales": [scale.vega(name) for name, scale in scales.items()],
        "axes": list(axes),
        "marks": [
            {"type": mark.kind, "from": {"data": f"rows{i}"}, "encode": {"enter": dict(mark.channels)}}
            for i, mark in enumerate(shown)
        ],
    }


_AXIS = {
    "aria": False,
    "gridColor": RULE,
    "labelColor": SOFT,
    "labelFontSize": SIZE - 1,
    "labelFontWeight": "normal",
    "labelPadding": 8,
}


def _seen(row: Row) -> dict[str, object]:
    """Hostile words on one line, with nothing in them that is not seen."""
    return {name: visible(one_line(one, 400)) if isinstance(one, str) else one for name, one in row.items()}


def ticks(low: float, high: float) -> list[float]:
    """Round numbers from `low` to `high`, both above 0, for a logarithmic axis: 1, 2, 3, 5 times a power of ten, and
    finer ones where these are too few.

    >>> ticks(90, 1500), ticks(310, 1200)
    ([100, 200, 300, 500, 1000], [400, 500, 600, 700, 800, 1000])
    """
    found: list[float] = []
    for digits in ((1, 2, 3, 5), (1, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8)):
        powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        found = [place for power in powers for digit in digits if low <= (place := digit * 10**power) <= high]
        if len(found) > 2:
            break
    return found


def fitting(found: Sequence[tuple[float, str]], scale: Scale, frame: Frame, most: int) -> list[tuple[float, str]]:
    """The ticks of a horizontal axis whose words stay within the drawing: every one of them, or every second, or third,
    so that no more are left than `most`, and their words do not touch."""
    placed = []
    for tick, said in found:
        middle, half = frame.left + frame.across * scale.part(tick), long(said, SIZE - 1) / 2
        if half <= middle <= frame.width - half:
            placed.append((middle - half, middle + half, (tick, said)))
    for every in range(1, len(placed) + 1):
        kept = placed[::every]
        if len(kept) <= most and all(one[1] + APART <= after[0] for one, after in pairwise(kept)):
            return [tick for *_, tick in kept]
    return []


def steps(top: float) -> list[tuple[float, str]]:
    """Ticks from 0 to `top`, at most 1, for scores.

    >>> steps(0.3)
    [(0.0, '0'), (0.1, '0.1'), (0.2, '0.2'), (0.3, '0.3')]
    """
    step = 0.1 if top <= 0.5 else 0.2
    return [(round(i * step, 1), f"{i * step:.1f}" if i else "0") for i in range(int(top / step + 1e-9) + 1)]


def ceiling(values: Iterable[float]) -> float:
    """The tenth that is above all scores, for the end of an axis.

    >>> ceiling([0.31, 0.2]), ceiling([])
    (0.4, 0.1)
    """
    return max(0.1, math.ceil(max(values, default=0.0) * 10 - 1e-9) / 10)
