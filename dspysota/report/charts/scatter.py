"""The drawing of quality against cost, with the words beside its dots."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from dspysota.report.charts import labels, spec
from dspysota.report.charts.labels import Box, Label, Wanted
from dspysota.report.charts.points import Bar, Cost, Point, amounts
from dspysota.report.charts.spec import Frame, Mark, Scale, Spec, at, of, value
from dspysota.report.text import one_line, scored


@dataclass(frozen=True)
class Look:
    """What a drawing for a certain width is like: `name` are the letters of a name beside its dot, of which the table
    has all, and `ticks` the most amounts along the axis."""

    frame: Frame
    name: int
    ticks: int


WIDE = Look(Frame(width=spec.WIDE, height=440, left=36, right=14, top=14, bottom=48), 34, 7)
NARROW = Look(Frame(width=spec.NARROW, height=380, left=30, right=6, top=14, bottom=48), 24, 4)
FAR = 4.0
"""An interval of a cost that goes further than so many times the outermost run ends at the plot's edge."""
LETTERS = spec.SIZE - 0.5
"""Size of the words in the plot."""


class Drawing:
    """The chart in one width."""

    def __init__(self, cost: Cost, points: Sequence[Point], bars: Sequence[Bar], look: Look) -> None:
        self.cost, self.points, self.bars, self.look = cost, points, bars, look
        self.frame = look.frame
        top = spec.ceiling([*(one.metric.interval.high for one in points), *(bar.score for bar in bars)])
        self.y = Scale(low=0, high=top)
        self.x = _costs(points)
        self.inside = Box(2, 2, self.frame.across - 2, self.frame.down - 2)
        self.claims = self._claims()
        self.labels = self._labels([label.box for label in self.claims])

    def spec(self) -> Spec:
        """The specification."""
        found = [(tick, self.cost.said(tick)) for tick in spec.ticks(self.x.low, self.x.high)]
        axes = [
            spec.axis("left", "y", spec.steps(self.y.high)),
            spec.axis("bottom", "x", spec.fitting(found, self.x, self.frame, self.look.ticks), grid=False),
        ]
        scales = {"x": self.x, "y": self.y}
        return spec.chart(self.frame, scales, axes, [*self._lines(), *self._dots(), *self._words()])

    def _lines(self) -> Iterator[Mark]:
        edges = {"x": value(0), "x2": value(self.frame.across)}
        claimed = [{"score": bar.score, "colour": spec.ACCENT} for bar in self.bars]
        yield spec.rule(claimed, 1.5, y=at("y", "score"), strokeDash=value([5, 4]), **edges)
        yield Mark(
            "line",
            self._front(),
            {
                "x": at("x", "cost"),
                "y": at("y", "score"),
                "interpolate": value("step-after"),
                "stroke": value(spec.SOFT),
                "strokeWidth": value(1.25),
                "strokeOpacity": value(0.75),
            },
        )
        rows = [
            {"cost": one.cost, "low": one.metric.interval.low, "high": one.metric.interval.high, **self._paint(one)}
            for one in self.points
        ]
        faint = {"strokeOpacity": value(0.5)}
        yield spec.rule(rows, 1.5, x=at("x", "cost"), y=at("y", "low"), y2=at("y", "high"), **faint)
        across = [
            {"score": one.metric.mean, "low": low, "high": high, **self._paint(one)}
            for one in self.points
            if (ends := self._ends(one)) is not None
            for low, high in [ends]
        ]
        yield spec.rule(across, 1.5, y=at("y", "score"), x=at("x", "low"), x2=at("x", "high"), **faint)
        led = [
            {"x": one.wanted.x, "y": one.wanted.y, "x2": one.x, "y2": one.y, "colour": spec.AXIS}
            for one in self.labels
            if one.led
        ]
        yield spec.rule(led, x=of("x"), y=of("y"), x2=of("x2"), y2=of("y2"))

    def _dots(self) -> Iterator[Mark]:
        rings = [one for one in self.points if "reference" in one.roles]
        here = {"x": at("x", "cost"), "y": at("y", "score")}
        ring = {"stroke": value(spec.INK), "strokeWidth": value(1.5), "fill": value(spec.PAPER)}
        yield spec.dots([self._row(one) for one in rings], 9, **here, **ring, shape=value("circle"))
        solid = [one for one in self.points if one.view.run.info.provenance == "measured"]
        yield spec.dots([self._row(one) for one in solid], **here, stroke=value(spec.PAPER), strokeWidth=value(1))
        hollow = [one for one in self.points if one not in solid]
        rows = [self._row(one) for one in hollow]
        yield spec.dots(rows, **here, fill=value(spec.PAPER), stroke=of("colour"), strokeWidth=value(2))

    def _words(self) -> Iterator[Mark]:
        for fill, some in ((spec.ACCENT, self.claims), (spec.INK, self.labels)):
            rows = [{"text": one.wanted.text, "x": one.x, "y": one.y, "align": one.align} for one in some]
            yield spec.text(rows, fill, LETTERS, x=of("x"), y=of("y"), align=of("align"))
        end = [{"text": f"{self.cost.words} →"}]
        below = {"x": value(self.frame.across), "y": value(self.frame.down + 38), "align": value("right")}
        yield spec.text(end, spec.SOFT, spec.SIZE - 1, **below)

    def _claims(self) -> list[Label]:
        """Where the words of what is claimed stand: at an end of their line, above or below it."""
        found: list[Label] = []
        dots = self._boxes()
        for bar in self.bars:
            y = self._y(bar.score)
            one = Wanted(one_line(bar.words, 60), 0, y, LETTERS)
            sides = [(self.frame.across - 4, "right"), (4.0, "left")]
            options = [_beside(one, x, y + down, align) for down in (-9, 9) for x, align in sides]
            taken = [*dots, *(label.box for label in found)]
            free = [label for label in options if not any(label.box.meets(box) for box in taken)]
            lines = self._strokes()
            found += sorted(free, key=lambda label: labels.crossed(label.box, lines))[:1]
        return found

    def _labels(self, words: Sequence[Box]) -> list[Label]:
        """Names of the named, then the numbers of all others, and of those whose names found no place."""
        inside, dots, lines = self.inside, self._boxes(), self._strokes()
        named = [one for one in self.points if one.named]
        names = labels.place([self._wanted(one, self._called(one)) for one in named], inside, dots, words, lines)
        there = [label for label in names if label is not None]
        rest = [one for one in self.points if not one.named]
        rest += [one for one, label in zip(named, names, strict=True) if label is None]
        numbers = [self._wanted(one, str(one.view.number)) for one in rest]
        words = [*words, *(label.box for label in there)]
        lines += [piece for label in there for piece in labels.leader(label)]
        return [*there, *(label for label in labels.place(numbers, inside, dots, words, lines) if label is not None)]

    def _called(self, one: Point) -> str:
        return one_line(f"{one.view.number} {one.view.run.info.model.name} {one.view.variant}", self.look.name)

    def _wanted(self, one: Point, text: str) -> Wanted:
        return Wanted(text, self._x(one.cost), self._y(one.metric.mean), LETTERS)

    def _boxes(self) -> list[Box]:
        """The dots, in pixels."""
        spots = [(self._x(one.cost), self._y(one.metric.mean)) for one in self.points]
        return [Box(x - 7, y - 7, x + 7, y + 7) for x, y in spots]

    def _strokes(self) -> list[Box]:
        """Intervals, front and bars, in pixels."""
        found = []
        for one in self.points:
            x, y = self._x(one.cost), self._y(one.metric.mean)
            found.append(Box(x - 1, self._y(one.metric.interval.high), x + 1, self._y(one.metric.interval.low)))
            if ends := self._ends(one):
                found.append(Box(self._x(ends[0]), y - 1, self._x(ends[1]), y + 1))
        found += [Box(0, y - 1, self.frame.across, y + 1) for y in (self._y(bar.score) for bar in self.bars)]
        spots = [(self._x(float(row["cost"])), self._y(float(row["score"]))) for row in self._front()]
        for (x, y), (next_x, next_y) in pairwise(spots):
            found += [Box(x, y - 1, next_x, y + 1), Box(next_x - 1, next_y, next_x + 1, y)]
        return found

    def _front(self) -> list[dict[str, float]]:
        ranked = sorted((one.cost, one.metric.mean) for one in self.points if "Pareto front" in one.roles)
        rows = [{"cost": cost, "score": quality} for cost, quality in ranked]
        # To the right edge: what costs more and is no better lies below.
        return [*rows, {"cost": self.x.high, "score": ranked[-1][1]}] if ranked else []

    def _ends(self, one: Point) -> tuple[float, float] | None:
        """The interval of a cost within the plot."""
        if one.interval is None:
            return None
        return max(one.interval.low, self.x.low), min(one.interval.high, self.x.high)

    def _row(self, one: Point) -> dict[str, str | float]:
        said = f"{one.view.number} {one.view.named}: {scored(one.metric.mean, one.metric.interval)}, "
        said += f"{amounts(self.cost, one)} ({self.cost.words})"
        return {"cost": one.cost, "score": one.metric.mean, "words": said, **self._paint(one)}

    def _paint(self, one: Point) -> dict[str, str]:
        return {"colour": spec.colour(one.model), "shape": spec.shape(one.model)}

    def _x(self, cost: float) -> float:
        return self.frame.across * self.x.part(cost)

    def _y(self, quality: float) -> float:
        return self.frame.down * (1 - self.y.part(quality))


def _costs(points: Sequence[Point]) -> Scale:
    """From the cheapest to the dearest run, with their intervals as far as they do not go too far."""
    least, most = min(one.cost for one in points), max(one.cost for one in points)
    ends = [end for one in points if one.interval is not None for end in one.interval]
    near = [end for end in ends if least / FAR <= end <= most * FAR]
    return Scale(low=min([least, *near]) / 1.25, high=max([most, *near]) * 1.25, kind="log")


def _beside(one: Wanted, x: float, y: float, align: str) -> Label:
    wide = labels.long(one.text, one.size)
    left = x - wide if align == "right" else x
    half = one.size * 0.62
    return Label(one, x, y, "right" if align == "right" else "left", Box(left, y - half, left + wide, y + half), False)
