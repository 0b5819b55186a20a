"""The lines of a tape, and what they add up to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from dspysota.records import Call, Failure, Phase, Record, TokenPrice, Usage

LASTING = frozenset({Failure.CONTEXT_OVERFLOW, Failure.REFUSED})
"""Failures that the same request would meet on any other day."""


class Entry(Record):
    """One line: a request that ended `elapsed` seconds after its session began. Its messages are in the key alone."""

    key: str
    phase: str
    model: str
    session: int
    elapsed: float
    call: Call
    failure: Failure | None = None


class Sent(NamedTuple):
    """A request that was sent: its record, and what went wrong."""

    call: Call
    failure: Failure | None


class Weight(NamedTuple):
    """What a request may take, as far as it is known before it is sent."""

    prompt_bytes: int
    max_tokens: int


def phases(entries: Sequence[Entry], prices: Mapping[str, TokenPrice]) -> tuple[Phase, ...]:
    """Return what each phase took, in the order in which they began; `prices` are by the models' names."""
    found: dict[str, list[Entry]] = {}
    for entry in entries:
        found.setdefault(entry.phase, []).append(entry)
    return tuple(_phase(name, those, prices) for name, those in found.items())


def session_seconds(entries: Sequence[Entry]) -> float:
    """Return the seconds of all sessions together, each to the end of its last request."""
    seconds: dict[int, float] = {}
    for entry in entries:
        seconds[entry.session] = max(entry.elapsed, seconds.get(entry.session, 0.0))
    return sum(seconds.values())


def _phase(name: str, entries: Sequence[Entry], prices: Mapping[str, TokenPrice]) -> Phase:
    usage, by_model = Usage(), dict[str, Usage]()
    for entry in entries:
        usage = usage + entry.call.usage
        by_model[entry.model] = by_model.get(entry.model, Usage()) + entry.call.usage
    spent = [prices[entry.model].of_usage(entry.call.usage) if entry.model in prices else None for entry in entries]
    usd = None if None in spent else sum(one for one in spent if one is not None)
    failed = sum(entry.call.error is not None for entry in entries)
    return Phase(name=name, calls=len(entries), failed=failed, usage=usage, by_model=by_model, usd=usd)
