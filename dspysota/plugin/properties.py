"""Figures of a test's run and claim as properties of its test case: pytest's own JUnit file has them, and xdist."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import pytest

from dspysota.plugin.sights import SEEN, Seen, Sight
from dspysota.untrusted import xml_text

if TYPE_CHECKING:
    from dspysota.claims import Verdict

PUT = pytest.StashKey[list[tuple[str, object]]]()
"""What this has put on an item: a test that is run again gets its figures once."""


def put(item: pytest.Item) -> None:
    """Put the figures of what the test has seen into its `user_properties`, in place of earlier ones of ours.

    They are strings under the names of `junit.xml` in the report's folder; `p` is the p-value that decided. Of several
    claims the one that needs attention first is meant.
    """
    seen = item.stash.get(SEEN, None)
    if seen is None:
        return
    before = item.stash.get(PUT, [])
    made: list[tuple[str, object]] = [
        (name, xml_text(str(value))) for name, value in _values(seen) if value is not None
    ]
    item.user_properties[:] = [one for one in item.user_properties if one not in before] + made
    item.stash[PUT] = made


def _values(seen: Seen) -> Iterable[tuple[str, object]]:
    if seen.verdicts:
        from dspysota.report.verdicts import first

        yield from _claim(first(seen.verdicts))
    if (sight := seen.own_sight) is not None:
        yield from _run(sight).items()


def _claim(verdict: Verdict) -> Iterable[tuple[str, object]]:
    yield "verdict", verdict.outcome
    yield "reference", verdict.reference
    yield "policy", verdict.policy
    yield "alpha", _number(verdict.alpha)
    for one in verdict.criteria:
        prefix = "" if one.name == "quality" else f"{one.name}_"
        low, high = one.interval or (None, None)
        decided = one.p_fail if one.outcome == "FAIL" else one.p_pass
        values = {"bar": one.bar, "ratio": one.ratio, "ratio_low": low, "ratio_high": high, "p": decided}
        yield from ((f"{prefix}{name}", _number(value)) for name, value in values.items())


def _run(sight: Sight) -> dict[str, object]:
    return {
        "run": sight.name,
        "provenance": sight.provenance,
        "metric": sight.metric,
        "score": _number(sight.score),
        "score_low": _number(sight.low),
        "score_high": _number(sight.high),
        "n": sight.cases,
        "errors": sight.errors,
        "tokens_per_question": _number(sight.tokens),
        "p95_seconds": _number(sight.p95),
        "cost_per_question": _number(sight.cost),
        "cost_unit": sight.unit or None,
    }


def _number(value: float | None) -> str | None:
    return None if value is None else f"{value:.6g}"
