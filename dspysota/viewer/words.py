"""How the viewer says things."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from dspysota.history import Entry, Series

ORDER = ("FAIL", "INCONCLUSIVE", "DESCRIPTIVE", "PASS")
"""Outcomes of claims: what needs attention comes first."""

UNITS = ("bytes", "kB", "MB", "GB", "TB")


def outcomes(entry: Entry) -> Iterator[tuple[str, int]]:
    """The verdicts of a folder's claims, with their numbers."""
    return ((word, entry.verdicts[word]) for word in ORDER if entry.verdicts.get(word))


def bars(entry: Entry) -> str:
    """How the runs stand to the bars that tests held them to.

    >>> bars(Entry(name="x", status="finished", cleared=8, missed=2)), bars(Entry(name="x", status="finished"))
    ('2 of 10 runs missed a bar', '')
    """
    judged = entry.cleared + entry.missed
    if not judged:
        return ""
    if entry.missed:
        return f"{entry.missed} of {judged} runs missed a bar"
    return "the run cleared its bar" if judged == 1 else f"all {judged} runs cleared their bars"


def when(iso: str | None) -> str:
    """A moment, UTC.

    >>> when("2026-11-25T20:47:42.420+00:00"), when("soon"), when(None)
    ('25 November 2026, 20:47 UTC', 'unknown', 'unknown')
    """
    found = _moment(iso)
    return f"{found.day} {found:%B %Y, %H:%M} UTC" if found else "unknown"


def day(iso: str) -> str:
    """A day and a time, for a narrow place.

    >>> day("2026-11-25T20:47:42+00:00")
    '2026-11-25 20:47'
    """
    found = _moment(iso)
    return f"{found:%Y-%m-%d %H:%M}" if found else "unknown"


def duration(entry: Entry) -> str:
    """From a command's first session to its end; empty before it.

    >>> times = {"started": "2026-11-25T20:47:42+00:00", "finished": "2026-11-25T21:44:21+00:00"}
    >>> duration(Entry(name="x", status="finished", **times))
    '57 min'
    """
    began, ended = _moment(entry.started), _moment(entry.finished)
    if began is None or ended is None:
        return ""
    minutes = (ended - began).total_seconds() / 60
    if minutes < 1:
        return f"{minutes * 60:.0f} s" if minutes > 0 else ""
    return f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:.1f} h"


def size(amount: int) -> str:
    """Bytes, in powers of ten as disks are sold.

    >>> size(7_363_021), size(512)
    ('7.4 MB', '512 bytes')
    """
    value, place = float(amount), 0
    while value >= 999.5 and place < len(UNITS) - 1:
        value, place = value / 1000, place + 1
    return f"{value:.0f} {UNITS[place]}" if place == 0 or value >= 10 else f"{value:.1f} {UNITS[place]}"


def change(series: Series) -> str:
    """How the newest score differs from the one before; empty where the two cannot be compared.

    The intervals are those of the two scores: which of them differ is for `dspysota compare` to say, pair by pair.
    """
    last, before = series.last, series.before
    if before is None or last.score is None or before.score is None:
        return ""
    moved = last.score - before.score
    return "as before" if abs(moved) < 5e-4 else f"{moved:+.3f} since the run before"


def _moment(iso: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(iso) if iso else None
    except ValueError:
        return None
