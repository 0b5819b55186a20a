"""What stands in the chart of quality against cost: runs, the Pareto front among them, and what is claimed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dspysota.records import Run
from dspysota.report.text import score, scored
from dspysota.report.view import Metric, RunView
from dspysota.stats import Interval


@dataclass(frozen=True)
class Cost:
    """What runs are placed by from left to right: its words, and how amounts are written."""

    words: str
    said: Callable[[float], str]


@dataclass(frozen=True, kw_only=True)
class Point:
    """One run. `cost` is above 0, its interval None where it has none; `model` is the place of its model's colour."""

    view: RunView
    model: int
    metric: Metric
    cost: float
    interval: Interval | None
    roles: tuple[str, ...]
    """`Pareto front`, `reference`, `baseline`, as far as they apply."""

    @property
    def named(self) -> bool:
        """Whether it is called by its name, and not by its number."""
        return bool(self.roles)


@dataclass(frozen=True)
class Bar:
    """A score that is claimed at least: a ratio of the reference's."""

    ratio: float
    reference: float

    @property
    def score(self) -> float:
        """The score itself."""
        return self.ratio * self.reference

    @property
    def words(self) -> str:
        """In words."""
        return f"claimed: {self.ratio:g} × {score(self.reference)} = {score(self.score)}"


def front(runs: Sequence[tuple[str, float, float]]) -> set[str]:
    """The keys of the runs (key, cost, score) that no other run beats: none is as cheap and better, or as good and
    cheaper. Of equal ones all.

    >>> sorted(front([("a", 1, 0.2), ("b", 2, 0.5), ("c", 3, 0.4), ("d", 2, 0.5), ("e", 1, 0.1)]))
    ['a', 'b', 'd']
    """
    return {
        key
        for key, cost, quality in runs
        if not any(
            other <= cost and better >= quality and (other < cost or better > quality) for _, other, better in runs
        )
    }


def words(name: str, cost: Cost, points: Sequence[Point], bars: Sequence[Bar]) -> str:
    """What the chart shows, in sentences."""
    ranked = sorted((one for one in points if "Pareto front" in one.roles), key=lambda one: one.cost)
    said = [
        f"{len(points)} {'run' if len(points) == 1 else 'runs'} on {name}. On the Pareto front, from the cheapest: "
        + "; ".join(f"{_name(one.view.run)} {score(one.metric.mean)} at {cost.said(one.cost)}" for one in ranked)
    ]
    said += [
        f"Reference: {_name(one.view.run)} {scored(one.metric.mean, one.metric.interval)} at {cost.said(one.cost)}"
        for one in points
        if "reference" in one.roles
    ]
    for bar in bars:
        above = sum(one.metric.mean >= bar.score for one in points)
        said.append(f"{bar.words[0].upper()}{bar.words[1:]}; {above} of {len(points)} runs score as much")
    return ". ".join(said)


def amounts(cost: Cost, one: Point) -> str:
    """What a run cost, with its interval where it has one."""
    if one.interval is None:
        return cost.said(one.cost)
    return f"{cost.said(one.cost)} [{cost.said(one.interval.low)}, {cost.said(one.interval.high)}]"


def _name(run: Run) -> str:
    return f"{run.info.model.name} {run.info.program} {run.info.prepared}"
