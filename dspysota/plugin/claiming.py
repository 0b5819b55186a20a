"""Claims that a test asserts: how an undecided one is taken, and the warning that it leaves where it fails nothing."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from dspysota.plugin import sights
from dspysota.plugin.collect import cell_of
from dspysota.plugin.session import SESSION

if TYPE_CHECKING:
    from dspysota.claims import Verdict
    from dspysota.profiles.values import ClaimTerms


class UndecidedClaim(pytest.PytestWarning):
    """A claim that is neither shown nor refuted, in a test that passes all the same."""


class RefutedClaim(pytest.PytestWarning):
    """A claim that does not hold, in a test that passes all the same, since the profile says `gate: false`."""


def decider(item: pytest.Item, seen: sights.Seen) -> Callable[[Verdict], Verdict]:
    """What a claim's comparison calls with its verdict: notes it, and takes it as the user said.

    `--sota-inconclusive` says it of undecided claims, `gate: false` in the profile of its own claim. A claim of the
    test's own, with other bars than the profile's for its cell, always opens or closes its gate.
    """

    def decide(verdict: Verdict) -> Verdict:
        session, cell = item.config.stash[SESSION], cell_of(item)
        terms = session.profile.claimed(cell) if cell in session.profile.cells else None
        told = terms is not None and not terms.gate and _is(terms, verdict)
        return seen.decide(verdict, lenient=session.inconclusive == "warn", gate=not told)

    return decide


def warn(item: pytest.Item, report: pytest.TestReport) -> None:
    """Put a warning for each undecided or refuted claim of a test that passed on pytest's list.

    On the list itself, not by `warnings.warn`: under `filterwarnings = error` that would fail the test, which the user
    asked not to happen.
    """
    if report.when != "call" or report.outcome != "passed":
        return
    seen = item.stash.get(sights.SEEN, None)
    for verdict in seen.verdicts if seen else ():
        kind = _kind(verdict)
        if kind is not None:
            path, line, _ = item.location
            message = warnings.WarningMessage(kind(str(verdict)), kind, path, (line or 0) + 1)
            values = {"warning_message": message, "when": "runtest", "nodeid": item.nodeid, "location": None}
            item.ihook.pytest_warning_recorded.call_historic(kwargs=values)


def _is(terms: ClaimTerms, verdict: Verdict) -> bool:
    bars = {"quality": terms.quality_ratio, "cost": terms.cost_ratio}
    return {name: bar for name, bar in bars.items() if bar is not None} == {
        one.name: one.bar for one in verdict.criteria
    }


def _kind(verdict: Verdict) -> type[pytest.PytestWarning] | None:
    if verdict.outcome == "INCONCLUSIVE" and verdict.lenient:
        return UndecidedClaim
    return RefutedClaim if verdict.outcome == "FAIL" and not verdict.gate else None
