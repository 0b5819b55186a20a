"""A claim's sequential test beside a run that is being measured."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dspysota.claims import Claim
from dspysota.claims.sequential import SHARE, Stop
from dspysota.records import Case, Example, Run, Watch

STOP: Stop = "decided"
"""A run ends at either answer."""


@dataclass(frozen=True, kw_only=True)
class Against:
    """The claim that may end a run, and the reference's complete run."""

    claim: Claim
    reference: Run


class Watching:
    """Is told of every case of a run, in whatever order they end, and says when the claim is decided.

    The order that the test counts in is that of the rows, which is seeded and settled before the first question.
    """

    def __init__(self, against: Against, rows: Sequence[Example], metric: str) -> None:
        claim = against.claim
        assert claim.quality is not None, "only a claim on quality watches a run"
        self._metric = claim.metric or metric
        self._test = claim.sequential(stop=STOP)
        self._there = {case.case_id: case.scores[self._metric] for case in against.reference.cases}
        self._places = {row.id: place for place, row in enumerate(rows)}
        self._watch = Watch(
            quality=claim.quality,
            cost=claim.cost,
            alpha=claim.alpha,
            metric=self._metric,
            stop=STOP,
            share=SHARE,
            reference=against.reference.info.key,
        )

    def begin(self, cases: Iterable[Case]) -> None:
        """Take in the cases that earlier sessions left."""
        for case in cases:
            if case.case_id in self._places:
                self.see(case)

    def see(self, case: Case) -> None:
        """Take in one case."""
        self._test.observe(self._places[case.case_id], case.scores[self._metric], self._there[case.case_id])

    @property
    def decided(self) -> bool:
        """Whether enough is known: nothing more need be asked."""
        return self._test.outcome is not None

    @property
    def record(self) -> Watch:
        """The claim, and what it decided so far."""
        outcome = self._test.outcome
        return self._watch.model_copy(update={"outcome": None if outcome is None else outcome.value})


def watching(against: Against | None, rows: Sequence[Example], digest: str, metric: str) -> Watching | None:
    """What watches a run of these rows; nothing where the reference answered others, which no claim could be about."""
    if against is None or against.reference.info.data.digest != digest:
        return None
    return Watching(against, rows, metric)
