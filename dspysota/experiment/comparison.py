"""Two runs on the same questions, side by side. Descriptive: nothing here passes or fails."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dspysota.errors import RunError
from dspysota.records import Run
from dspysota.stats import Interval, paired_difference

RESAMPLES = 10_000


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """How a run does beside a reference, on the metric that is primary for both; scores are in [0, 1]."""

    run: str
    reference: str
    metric: str
    n: int
    score: float
    reference_score: float
    difference: Interval
    """95% interval of score - reference_score, questions paired."""
    ratio: float | None
    """score / reference_score; None when the reference scores 0."""
    ratio_interval: Interval | None
    """95% interval of the ratio; None where a resampled reference scores 0, so that it has no bound."""
    token_ratio: float | None
    """Tokens per question over the reference's; None when the reference used none, or either server did not say."""

    def __str__(self) -> str:
        """Two lines for a terminal; 95% intervals in parentheses."""
        low, high = self.difference
        lines = f"{self.run}: {self.metric} {self.score:.3f}; {self.reference}: {self.reference_score:.3f}\n"
        lines += f"difference {self.score - self.reference_score:+.3f} (95%: {low:+.3f}..{high:+.3f}, n={self.n})"
        if self.ratio is not None:
            lines += f", ratio {self.ratio:.2f}"
        if self.ratio_interval is not None:
            lines += f" (95%: {self.ratio_interval.low:.2f}..{self.ratio_interval.high:.2f})"
        return lines + f", tokens ratio {'not known' if self.token_ratio is None else f'{self.token_ratio:.2f}'}"


def compare(run: Run, reference: Run, *, seed: int = 0) -> Comparison:
    """Put two runs side by side. Raises RunError unless both answered the same rows, scored by the same metric.

    Of a run that its claim ended early the rows that it did answer are compared, and the words say so.
    """
    if run.ended_early and run.info.data.digest == reference.info.data.digest:
        reference = reference.only([case.case_id for case in run.cases])
    _check_same(run, reference)
    mine, theirs = run.scores(), reference.scores()
    base = reference.score()
    return Comparison(
        run=_named(run),
        reference=_named(reference),
        metric=run.info.primary,
        n=len(mine),
        score=run.score(),
        reference_score=base,
        difference=paired_difference(mine, theirs, seed=seed),
        ratio=run.score() / base if base > 0 else None,
        ratio_interval=_ratio_interval(mine, theirs, seed),
        token_ratio=_token_ratio(run, reference),
    )


def _named(run: Run) -> str:
    """The run's name, with where it is from unless it was measured, and whether its claim ended it."""
    badges = [] if run.info.provenance == "measured" else [str(run.info.provenance)]
    if run.ended_early:
        badges.append(f"ended early by its claim, after {len(run.cases):,} of {run.info.data.rows:,} questions")
    return f"{run.name} ({'; '.join(badges)})" if badges else run.name


def _check_same(run: Run, reference: Run) -> None:
    if run.info.primary != reference.info.primary:
        raise RunError(f"{run.name} is scored by {run.info.primary}, {reference.name} by {reference.info.primary}.")
    if [case.case_id for case in run.cases] != [case.case_id for case in reference.cases]:
        raise RunError(
            f"{run.name} and {reference.name} did not answer the same rows ({len(run.cases)} and "
            f"{len(reference.cases)}); give both cells the same `rows`."
        )


def _token_ratio(run: Run, reference: Run) -> float | None:
    mine, theirs = run.usage.total_tokens, reference.usage.total_tokens
    return mine / theirs if mine is not None and theirs else None


def _ratio_interval(mine: Sequence[float], theirs: Sequence[float], seed: int) -> Interval | None:
    """Percentile bootstrap of mean(mine) / mean(theirs), pairs resampled together.

    B. Efron & R. J. Tibshirani 1993, "An introduction to the bootstrap", chapters 8 and 13.
    """
    import numpy  # late: only a comparison needs it

    pairs = numpy.asarray([mine, theirs], dtype=float)
    rows = numpy.random.default_rng(seed).integers(0, pairs.shape[1], size=(RESAMPLES, pairs.shape[1]))
    tops, bottoms = pairs[0][rows].mean(axis=1), pairs[1][rows].mean(axis=1)
    if not (bottoms > 0).all():
        return None
    low, high = numpy.percentile(tops / bottoms, [2.5, 97.5])
    return Interval(float(low), float(high))
