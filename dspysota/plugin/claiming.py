"""Claims that a test asserts: how an undecided one is taken, and the warning that it leaves where it fails nothing."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from dspysota.plugin import sights
from dspysota.plugin.session import SESSION

if TYPE_CHECKING:
    from dspysota.claims import Verdict


class UndecidedClaim(pytest.PytestWarning):
    """A claim that is neither shown nor refuted, in a test that passes all the same."""


def decider(item: pytest.Item, seen: sights.Seen) -> Callable[[Verdict], Verdict]:
    """What a claim's comparison calls with its verdict: notes it, and takes it as --sota-inconclusive says."""

    def decide(verdict: Verdict) -> Verdict:
        lenient = item.config.stash[SESSION].inconclusive == "warn"
        return seen.decide(verdict, lenient=lenient)

    return decide


def warn(item: pytest.Item, report: pytest.TestReport) -> None:
    """Put a warning for each undecided claim of a test that passed on pytest's list.

    On the list itself, not by `warnings.warn`: under `filterwarnings = error` that would fail the test, which the user
    asked not to happen.
    """
    if report.when != "call" or report.outcome != "passed":
        return
    seen = item.stash.get(sights.SEEN, None)
    for verdict in seen.verdicts if seen else ():
        if verdict.outcome == "INCONCLUSIVE" and verdict.lenient:
            path, line, _ = item.location
            message = warnings.WarningMessage(UndecidedClaim(str(verdict)), UndecidedClaim, path, (line or 0) + 1)
            values = {"warning_message": message, "when": "runtest", "nodeid": item.nodeid, "location": None}
            item.ihook.pytest_warning_recorded.call_historic(kwargs=values)
