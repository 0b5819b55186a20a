"""Which claim watched a run while its questions were asked."""

from __future__ import annotations

from typing import Literal

from dspysota.records.base import Record


class Watch(Record):
    """The claim whose sequential test watched a run, against which reference, and what it decided.

    With the run and its reference it is enough to repeat the test, answer by answer.
    """

    quality: float
    cost: float | None = None
    alpha: float
    metric: str
    stop: Literal["decided", "fail", "pass"]
    """At which decisions the run was to be ended."""
    share: float
    """Part of the error rate that early ends may use."""
    reference: str
    """Key of the reference's run."""
    outcome: Literal["PASS", "FAIL"] | None = None
    """What was decided; None where the questions came to their end before."""
