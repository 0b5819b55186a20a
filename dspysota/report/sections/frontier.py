"""Quality against cost: one small chart a data set, a dot with its interval for each run.

Cost is that of a correct answer where it is known of all runs that had one, by one basis; else tokens a question.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from dspysota.report.text import amount, count, scored
from dspysota.report.view import Report, RunView

WIDTH, HEIGHT = 460, 300
LEFT, RIGHT, TOP, BOTTOM = 44, 16, 14, 42
LETTER = 6.1
"""Width of an average letter of a label, in the chart's units; enough to keep labels apart."""


MOST_TICKS = 6
"""Beyond so many, every second or third is left out: their words would touch."""


@dataclass(frozen=True)
class Axis:
    """What runs are placed by from left to right: its words, its values, and why a run has none."""

    words: str
    value: Callable[[RunView], float | None]
    said: Callable[[float], str]
    lacking: str


@dataclass(frozen=True)
class Label:
    """Where the words of a dot go."""

    x: float
    y: float
    anchor: str


@dataclass(frozen=True)
class Dot:
    """One run: its dot, the ends of its interval, and its label."""

    view: RunView
    model: int
    x: float
    y: float
    low: float
    high: float
    label: Label


@dataclass(frozen=True)
class Chart:
    """One data set. `x_ticks` and `y_ticks` are (place, words); `words` tells the chart to who cannot see it.

    `unplaced` are the runs without a place on the axis, and `axis` says why.
    """

    name: str
    metric: str
    axis: Axis
    dots: tuple[Dot, ...]
    x_ticks: tuple[tuple[float, str], ...]
    y_ticks: tuple[tuple[float, str], ...]
    words: str
    unplaced: tuple[RunView, ...] = ()


def values(report: Report) -> Mapping[str, object] | None:
    """One chart for each data set that has at least one run with cases and tokens."""
    models = report.model_names()
    charts = []
    for name in report.data_names():
        views = [v for v in report.runs if v.run.info.data.name == name and v.primary]
        axis = _axis(views)
        placed = [v for v in views if axis.value(v)]
        if placed:
            unplaced = tuple(v for v in views if axis.value(v) is None)
            charts.append(replace(_chart(name, placed, models, axis), unplaced=unplaced))
    frame = {"left": LEFT, "right": WIDTH - RIGHT, "top": TOP, "bottom": HEIGHT - BOTTOM}
    return {"charts": charts, "models": models, "width": WIDTH, "height": HEIGHT, "frame": frame} if charts else None


def ticks(low: float, high: float) -> list[float]:
    """Round numbers (1, 2, 3, 5 times a power of ten) from `low` to `high`, both above 0, for a logarithmic axis.

    >>> ticks(90, 1500)
    [100, 200, 300, 500, 1000]
    """
    found = []
    for power in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1):
        found += [digit * 10**power for digit in (1, 2, 3, 5) if low <= digit * 10**power <= high]
    return found


TOKENS = Axis("tokens a question", lambda view: view.tokens, count, "the server did not report tokens")


def _axis(views: Sequence[RunView]) -> Axis:
    """Cost of a correct answer where every run that had one has it by the same basis, else tokens."""
    able = [view for view in views if view.right]
    priced = [view.cost for view in able if view.cost and view.cost.per_correct and view.cost.per_correct.value > 0]
    if not priced or len(priced) < len(able) or len({cost.basis for cost in priced}) > 1:
        return TOKENS

    def value(view: RunView) -> float | None:
        return view.cost.per_correct.value if view.cost and view.cost.per_correct else None

    unit = priced[0].unit
    return Axis(f"{unit} a correct answer", value, lambda x: amount(x, unit), "nothing was right")


def _chart(name: str, views: Sequence[RunView], models: Sequence[str], axis: Axis) -> Chart:
    places = [axis.value(view) or 1.0 for view in views]
    least, most = min(places) / 1.3, max(places) * 1.3
    top = math.ceil(max(metric.interval.high for view in views if (metric := view.primary)) * 10) / 10

    def x(value: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * math.log(value / least) / math.log(most / least)

    def y(value: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * value / top

    placed = []
    for view in views:
        if metric := view.primary:
            ends = (y(metric.mean), y(metric.interval.low), y(metric.interval.high))
            placed.append((view, x(axis.value(view) or 1.0), *ends))
    labels = _labels([(view.variant, x, y, low, high) for view, x, y, low, high in placed])
    dots = (
        Dot(view, models.index(view.run.info.model.name), dot_x, dot_y, low, high, label)
        for (view, dot_x, dot_y, low, high), label in zip(placed, labels, strict=True)
    )
    step = 0.1 if top <= 0.5 else 0.2
    return Chart(
        name=name,
        metric=views[0].run.info.primary,
        axis=axis,
        dots=tuple(dots),
        x_ticks=tuple((x(tick), axis.said(tick)) for tick in _thinned(ticks(least, most))),
        y_ticks=tuple((y(i * step), f"{i * step:.1f}") for i in range(int(top / step + 1e-9) + 1)),
        words="; ".join(_words(view, axis) for view in views),
    )


def _thinned(found: Sequence[float]) -> Sequence[float]:
    return found[:: math.ceil(len(found) / MOST_TICKS)] if found else found


def _words(view: RunView, axis: Axis) -> str:
    metric = view.primary
    said = scored(metric.mean, metric.interval) if metric else "no score"
    return f"{view.run.info.model.name} {view.variant}: {said} at {axis.said(axis.value(view) or 0)} ({axis.words})"


def _labels(dots: Sequence[tuple[str, float, float, float, float]]) -> Iterator[Label]:
    """A place for each label, right, left, above or below its dot: the first that meets no dot, line or label."""
    taken = [(x - 7, y - 7, x + 7, y + 7) for _, x, y, _, _ in dots]
    taken += [(x - 2, high, x + 2, low) for _, x, _, low, high in dots]
    for words, x, y, _, _ in dots:
        long = len(words) * LETTER
        options = [
            (Label(x + 10, y + 4, "start"), (x + 8, y - 7, x + 10 + long, y + 7)),
            (Label(x - 10, y + 4, "end"), (x - 10 - long, y - 7, x - 8, y + 7)),
            (Label(x + 6, y - 11, "start"), (x + 4, y - 22, x + 6 + long, y - 8)),
            (Label(x + 6, y + 20, "start"), (x + 4, y + 9, x + 6 + long, y + 23)),
            (Label(x - 6, y - 11, "end"), (x - 6 - long, y - 22, x - 4, y - 8)),
            (Label(x - 6, y + 20, "end"), (x - 6 - long, y + 9, x - 4, y + 23)),
        ]
        inside = [option for option in options if option[1][0] >= LEFT and option[1][2] <= WIDTH - 2]
        free = [option for option in inside if not any(_meet(option[1], box) for box in taken)]
        label, box = (free or inside or options)[0]
        taken.append(box)
        yield label


def _meet(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
