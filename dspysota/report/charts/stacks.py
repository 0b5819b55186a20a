"""Bars of several parts, one a run: failure classes, tokens, money."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from dspysota.report.charts import spec
from dspysota.report.charts.spec import Mark, Scale, Spec, at, of, value
from dspysota.report.charts.strips import Name, Strips
from dspysota.report.view import RunView


@dataclass(frozen=True)
class Part:
    """A stretch of a bar; `colour` is a variable of the style sheet, `words` are shown beside the pointer."""

    amount: float
    colour: str
    words: str


@dataclass(frozen=True)
class Stack:
    """The bar of a run, and words behind it."""

    view: RunView
    parts: tuple[Part, ...]
    behind: str = ""

    @property
    def total(self) -> float:
        """Length of the bar."""
        return sum(part.amount for part in self.parts)


@dataclass(frozen=True, kw_only=True)
class Axis:
    """What bars are measured by: the axis' end, its ticks, and its words."""

    top: float
    ticks: Sequence[tuple[float, str]]
    words: str


def round_axis(top: float, said: Callable[[float], str], words: str) -> Axis:
    """An axis from 0 to a little above `top`, with three or four round ticks.

    >>> [words for _, words in round_axis(870, str, "tokens").ticks]
    ['0', '200.0', '400.0', '600.0', '800.0']
    """
    power = 10.0
    while power > top / 2:
        power /= 10
    while power * 10 <= top / 2:
        power *= 10
    step = max(size * power for size in (1, 2, 5) if size * power <= top / 2)
    step = step / 2 if top / step < 3 else step
    ticks = [i * step for i in range(int(top / step + 1e-9) + 1)]
    return Axis(top=top, ticks=[(one, said(one) if one else "0") for one in ticks], words=words)


def drawing(stacks: Sequence[Stack], axis: Axis, *, wide: bool, right: float = 14) -> Spec:
    """The bars under one another; `right` is the room for the words behind them."""
    strips = Strips(names=[Name.of(one.view) for one in stacks], wide=wide, right=right, bottom=44, row=36)
    axes = [spec.axis("bottom", "x", axis.ticks)]
    marks = [*strips.marks(), *_bars(stacks, strips), *_behind(stacks, strips), *_words(axis, strips)]
    return spec.chart(strips.frame, {"x": Scale(low=0, high=axis.top)}, axes, marks)


def _bars(stacks: Sequence[Stack], strips: Strips) -> Iterator[Mark]:
    rows = [
        {
            "x": start,
            "x2": start + part.amount,
            "y": strips.y(place) - 8,
            "colour": part.colour,
            "words": f"{one.view.number} {one.view.run.name}: {part.words}",
        }
        for place, one in enumerate(stacks)
        for start, part in zip(_starts(one.parts), one.parts, strict=True)
        if part.amount > 0
    ]
    look = {"fill": of("colour"), "stroke": value(spec.PAPER), "strokeWidth": value(1), "description": of("words")}
    yield Mark("rect", rows, {"x": at("x", "x"), "x2": at("x", "x2"), "y": of("y"), "height": value(16), **look})


def _starts(parts: Sequence[Part]) -> Iterator[float]:
    start = 0.0
    for part in parts:
        yield start
        start += part.amount


def _behind(stacks: Sequence[Stack], strips: Strips) -> Iterator[Mark]:
    rows = [
        {"x": one.total, "y": strips.y(place), "text": one.behind} for place, one in enumerate(stacks) if one.behind
    ]
    size = spec.SIZE - 0.5
    yield spec.text(rows, spec.SOFT, size, x={**at("x", "x"), "offset": 7}, y=of("y"))


def _words(axis: Axis, strips: Strips) -> Iterator[Mark]:
    below = {"x": value(strips.frame.across), "y": value(strips.frame.down + 34), "align": value("right")}
    yield spec.text([{"text": f"{axis.words} →"}], spec.SOFT, spec.SIZE - 1, **below)
