"""Runs of the same experiment at different times, in the order in which they were measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dspysota.history.measured import Point


@dataclass(frozen=True)
class Series:
    """One (data, model, program, approach, adapter) over time, the oldest run first; at least one point."""

    data: str
    label: str
    metric: str
    points: tuple[Point, ...]

    @property
    def last(self) -> Point:
        """The newest."""
        return self.points[-1]

    @property
    def before(self) -> Point | None:
        """The one before it, where its score can be compared with the newest one's."""
        earlier = self.points[-2] if len(self.points) > 1 else None
        return earlier if earlier and earlier.same_rows == self.last.same_rows else None


def trends(points: Sequence[Point]) -> list[Series]:
    """Every series of measured runs that have cases, by data set and label; what was replayed was measured elsewhere.

    >>> trends([])
    []
    """
    groups: dict[tuple[str, str, str], list[Point]] = {}
    for point in points:
        if point.provenance == "measured" and point.score is not None:
            groups.setdefault((point.data, point.label, point.metric), []).append(point)
    return [
        Series(*names, tuple(sorted(group, key=lambda one: (one.started, one.folder, one.place))))
        for names, group in sorted(groups.items())
    ]
