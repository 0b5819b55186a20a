"""How many answers change by themselves: what questions that were asked twice say of a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dspysota.records import Run
from dspysota.report import text
from dspysota.report.meta import ReportMeta
from dspysota.stats import Interval, wilson

WHY = (
    "perhaps since other questions were beside it at the server: sums are then made in another order, and where two "
    "words are nearly as likely the other one is taken"
)
"""Why a greedy answer changes: the numerics of batching."""


@dataclass(frozen=True, kw_only=True)
class Flakiness:
    """Of `pairs` questions with two answers, how many changed their primary score, and how many their prediction.

    Questions of which one asking brought no answer are left out, and counted in `errors`. `margin` is the score
    difference that the profile's claim turns on, None where there is none or it is not known.
    """

    run: Run
    pairs: int
    errors: int
    scores: int
    predictions: int
    margin: float | None

    @property
    def score_rate(self) -> float:
        """Share of the pairs whose score differs."""
        return self.scores / self.pairs

    @property
    def score_interval(self) -> Interval:
        """Its 95% interval, Wilson's."""
        return wilson(self.scores, self.pairs)

    @property
    def prediction_rate(self) -> float:
        """Share of the pairs whose prediction differs."""
        return self.predictions / self.pairs

    @property
    def prediction_interval(self) -> Interval:
        """Its 95% interval, Wilson's."""
        return wilson(self.predictions, self.pairs)

    @property
    def sentence(self) -> str:
        """The finding."""
        left = f"; {self.errors} more brought no answer once" if self.errors else ""
        return (
            f"of {self.pairs} questions asked twice, {self.scores} changed their score "
            f"({text.scored(self.score_rate, self.score_interval)}) and {self.predictions} their prediction "
            f"({text.scored(self.prediction_rate, self.prediction_interval)}){left}"
        )

    @property
    def warnings(self) -> tuple[str, ...]:
        """What that is a danger to, a sentence each; none where nothing changed."""
        said = []
        if self.margin is not None and self.score_rate > self.margin:
            said.append(
                f"scores change by themselves for {self.score_rate:.3f} of the questions, more than the "
                f"{self.margin:.3f} that the claim turns on (1 - its quality ratio, times the reference's score): "
                "repeat before you trust a close verdict"
            )
        if self.predictions and self.run.info.sampling.get("temperature") == 0:
            said.append(f"the same greedy request (temperature 0) was answered differently, {WHY}")
        return tuple(said)


def flakiness(run: Run, margin: float | None = None) -> Flakiness | None:
    """What a run's second answers say; None where it has none with a first."""
    firsts = {case.case_id: case for case in run.cases}
    pairs = [(firsts[case.case_id], case) for case in run.again if case.case_id in firsts]
    whole = [(one, other) for one, other in pairs if one.error is None and other.error is None]
    if not whole:
        return None
    primary = run.info.primary
    return Flakiness(
        run=run,
        pairs=len(whole),
        errors=len(pairs) - len(whole),
        scores=sum(one.scores[primary] != other.scores[primary] for one, other in whole),
        predictions=sum(one.prediction != other.prediction for one, other in whole),
        margin=margin,
    )


def found(runs: Sequence[Run], meta: ReportMeta) -> list[Flakiness]:
    """The flakiness of all runs that asked questions twice, in their order."""
    return [one for run in runs if (one := flakiness(run, meta.margins.get(run.info.key))) is not None]


def lines(runs: Sequence[Run], meta: ReportMeta) -> list[str]:
    """For a terminal: the finding of each run, its warnings below."""
    shown = []
    for one in found(runs, meta):
        shown.append(f"{text.visible(one.run.name)}: {one.sentence}")
        shown += [f"  warning: {warning}" for warning in one.warnings]
    return shown
