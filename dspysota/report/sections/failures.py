"""Which failure classes each run had, as one bar a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dspysota.records import Failure
from dspysota.report.view import Report, RunView


@dataclass(frozen=True)
class Piece:
    """A stretch of a bar, in percent of the run's cases."""

    kind: str
    n: int
    start: float
    width: float


def values(report: Report) -> Mapping[str, object] | None:
    """Bars by data set, and the classes that occur, for the legend."""
    views = [view for view in report.runs if view.n]
    if not views:
        return None
    groups = [(name, [v for v in views if v.run.info.data.name == name]) for name in report.data_names()]
    seen = {kind for view in views for kind, _ in view.failures}
    return {
        "groups": [(name, [(view, pieces(view)) for view in group]) for name, group in groups if group],
        "kinds": ["right", *(kind.value for kind in reversed(Failure) if kind in seen)],
    }


def pieces(view: RunView) -> Sequence[Piece]:
    """The bar of one run: right answers first, then failures from the mildest to the hardest."""
    counts = [("right", view.right), *((kind.value, n) for kind, n in reversed(view.failures))]
    bar, start = [], 0.0
    for kind, n in counts:
        width = 100 * n / view.n
        if n:
            bar.append(Piece(kind, n, start, width))
        start += width
    return bar
