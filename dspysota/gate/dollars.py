"""Where the gate has its dollars from."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from dspysota.records import Run

Dollars = Callable[[Run], Sequence[float | None]]
"""US dollars of each case of a run, in the order of its cases; None where a cost is unknown."""


def unpriced(run: Run) -> Sequence[float | None]:
    """What no price is known for."""
    return [None] * len(run.cases)


OF_RUN: Dollars = unpriced
"""What a run cost, where nobody says otherwise."""
