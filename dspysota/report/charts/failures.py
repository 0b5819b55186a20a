"""Which failure classes each run had, as shares of its cases."""

from __future__ import annotations

from collections.abc import Sequence

from dspysota.records import Failure
from dspysota.report.charts.figure import Figure, Head, Line
from dspysota.report.charts.stacks import Axis, Part, Stack, drawing
from dspysota.report.view import RunView

RIGHT = "right"
KINDS = (RIGHT, *(kind.value for kind in reversed(Failure)))
"""As in a bar: right answers first, then failures from the mildest to the hardest."""
AXIS = Axis(
    top=1, ticks=[(0, "0"), (0.25, "25%"), (0.5, "50%"), (0.75, "75%"), (1, "100%")], words="share of the cases"
)


def counts(view: RunView) -> dict[str, int]:
    """Cases by their class, each class that occurs, in the order of `KINDS`."""
    found = {RIGHT: view.right, **{kind.value: n for kind, n in view.failures}}
    return {kind: found[kind] for kind in KINDS if found.get(kind)}


def kinds(views: Sequence[RunView]) -> list[str]:
    """The classes that occur in any of the runs, and right answers."""
    seen = {RIGHT}.union(*(counts(view) for view in views))
    return [kind for kind in KINDS if kind in seen]


def figure(name: str, views: Sequence[RunView]) -> Figure:
    """The chart of one data set; each run has at least one case."""
    shown = kinds(views)
    stacks = [Stack(view, tuple(_part(kind, n, view.n) for kind, n in counts(view).items())) for view in views]
    return Figure(
        title="What became of the cases",
        unit=name,
        words=". ".join(_words(view) for view in views),
        first="Run",
        columns=(*shown, "cases"),
        lines=tuple(
            Line(Head.of(view), (*(f"{counts(view).get(kind, 0):,}" for kind in shown), f"{view.n:,}"))
            for view in views
        ),
        wide=drawing(stacks, AXIS, wide=True, right=18),
        narrow=drawing(stacks, AXIS, wide=False, right=18),
    )


def _part(kind: str, n: int, of: int) -> Part:
    return Part(n / of, f"var(--{kind.replace(' ', '-')})", f"{kind} {n:,} of {of:,}")


def _words(view: RunView) -> str:
    said = ", ".join(f"{kind} {n:,}" for kind, n in counts(view).items())
    return f"{view.run.info.model.name} {view.variant}: {said}"
