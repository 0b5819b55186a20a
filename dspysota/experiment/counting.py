"""What the server itself counted while a run was measured."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from dspysota.latency import reconcile
from dspysota.records import Run, ServerCounts
from dspysota.serving import Endpoint, counters

T = TypeVar("T")


def counted(server: Endpoint, ask: Callable[[], T], *, whole: bool = True) -> tuple[T, ServerCounts | None]:
    """What `ask` returns, and what the server counted meanwhile; None where it tells no counters, and unless `whole`.

    The server must be ours alone, and what was asked before must have been answered: it is read at rest, before and
    after.
    """
    if not whole:
        return ask(), None
    look = partial(counters.read, server)
    before = counters.settled(look)
    asked = ask()
    after = counters.settled(look) if before is not None else None
    return asked, after.since(before) if after is not None and before is not None else None


def kept(run: Run, counts: ServerCounts | None) -> Run:
    """The run with what its server counted, as far as that is its own.

    On a server that we started nobody else measures meanwhile, so that what it counts is the run's, and a difference to
    what its answers told is a finding. A server by URL may have users that we know nothing of, and no counter tells
    theirs from ours, except that both counts are equal to the token: only then they are kept.
    """
    if counts is None:
        return run
    counted_run = run.model_copy(update={"info": run.info.model_copy(update={"server": counts})})
    ours = run.info.model.backend != "endpoint"
    found = reconcile(counted_run)
    return counted_run if ours or (found is not None and found.equal) else run
