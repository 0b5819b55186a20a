"""Collects the requests that one case makes, whichever thread it runs in."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from pydantic import JsonValue

from dspysota.records import Call


class Recording(list[Call]):
    """The calls made so far, in order; `notes` is what the adapter remarked while reading their outputs.

    `taken` is the place of the call whose output was taken, None where that is the last one.
    """

    def __init__(self) -> None:
        super().__init__()
        self.notes: dict[str, JsonValue] = {}
        self.taken: int | None = None


# A context variable and no argument, because DSPy's module, adapter and engine stand between the two ends.
_ACTIVE: ContextVar[Recording | None] = ContextVar("dspysota_recording", default=None)
_LAST: ContextVar[Call | None] = ContextVar("dspysota_last_call", default=None)


@contextmanager
def recording() -> Iterator[Recording]:
    """Collect the calls of this context; an inner recording takes them from the outer one while it lasts."""
    calls = Recording()
    active, latest = _ACTIVE.set(calls), _LAST.set(None)
    try:
        yield calls
    finally:
        _LAST.reset(latest)
        _ACTIVE.reset(active)


def current() -> Recording | None:
    """Return the recording in progress, or None where nobody listens."""
    return _ACTIVE.get()


def last() -> Call | None:
    """Return the latest call of this context, recording or not, or None before the first.

    DSPy's own thread pools, as in dspy.Evaluate, run programs where nobody records.
    """
    return _LAST.get()


def record(call: Call) -> None:
    """Add a call to the recording in progress, if there is one, and remember it as the last."""
    _LAST.set(call)
    if (calls := _ACTIVE.get()) is not None:
        calls.append(call)
