"""Where the gate has its dollars from."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from dspysota import costs
from dspysota.records import Run

Dollars = Callable[[Run], Sequence[float | None]]
"""US dollars of each case of a run, in the order of its cases; None where a cost is unknown."""


def counted(run: Run) -> Sequence[float | None]:
    """Dollars by the basis that the run's are counted by; unknown where none is, or it is not said which of two."""
    basis = costs.dollars(run)
    return [None] * len(run.cases) if basis is None else costs.of_run(run, basis)


def bases(of_run: Dollars, run: Run, baseline: Run) -> tuple[str, str] | None:
    """By what each side is counted, such as `list` or `machine`, where that is known and not the same."""
    mine, theirs = (str(getattr(of_run(side), "basis", "")) for side in (run, baseline))
    return (mine, theirs) if mine and theirs and mine != theirs else None


OF_RUN: Dollars = counted
"""What a run cost, where nobody says otherwise."""
