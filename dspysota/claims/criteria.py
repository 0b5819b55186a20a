"""The tests behind a claim's criteria: tables of scores or costs in, one row a seed, a criterion out."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from statistics import fmean

from dspysota.claims.cost import ratio_of_sums
from dspysota.claims.planning import amounts_needed, examples_needed
from dspysota.claims.ratio import RatioTest, SeedNoise, paired_ratio_interval, paired_ratio_test
from dspysota.claims.seeds import example_means, seed_noise
from dspysota.claims.sequential import SequentialTest
from dspysota.claims.verdict import Criterion, Outcome
from dspysota.stats import Interval

Table = Sequence[Sequence[float]]
"""One row a seed, one column an example."""


def quality(scores: Table, reference: Table, bar: float, *, metric: str, alphas: tuple[float, float]) -> Criterion:
    """Is the ratio of mean scores at least `bar`? `alphas` are the error rates of PASS and FAIL."""
    mine, theirs = example_means(scores), example_means(reference)
    noise = SeedNoise(seed_noise(scores), seed_noise(reference))
    test, interval = _tested(tuple(mine), tuple(theirs), bar, alphas, noise)
    outcome = _outcome(test.above, test.below, alphas)
    value, other = fmean(mine), fmean(theirs)
    alpha = alphas[0] if value > bar * other else alphas[1]
    return Criterion(
        name="quality",
        unit=metric,
        outcome=outcome,
        bar=bar,
        value=value,
        reference_value=other,
        ratio=value / other if other > 0 else None,
        interval=interval,
        p_pass=test.above,
        p_fail=test.below,
        n=len(mine),
        more=_more(outcome, examples_needed(mine, theirs, bar, alpha), len(mine)),
    )


@lru_cache(maxsize=256)
def _tested(
    scores: tuple[float, ...], reference: tuple[float, ...], bar: float, alphas: tuple[float, float], noise: SeedNoise
) -> tuple[RatioTest, Interval]:
    """Kept, because a report says the same of the same scores in several places, and searching for the ends is slow."""
    return (
        paired_ratio_test(scores, reference, bar, noise),
        paired_ratio_interval(scores, reference, *alphas, noise),
    )


def stopped(test: SequentialTest, *, metric: str) -> Criterion:
    """The quality of a run that a sequential test ended: its own estimate, bounds and p-values."""
    value, other = (fmean(side) for side in zip(*test.pairs, strict=True))
    p_pass, p_fail = test.p_values()
    return Criterion(
        name="quality",
        unit=metric,
        outcome=test.outcome or Outcome.INCONCLUSIVE,
        bar=test.ratio,
        value=value,
        reference_value=other,
        ratio=value / other if other > 0 else None,
        interval=test.interval(),
        p_pass=p_pass,
        p_fail=p_fail,
        n=test.n,
    )


def cost(costs: Table, reference: Table, bar: float, *, alphas: tuple[float, float], unit: str = "$") -> Criterion:
    """Is the ratio of mean costs at most `bar`? `alphas` are the error rates of PASS and FAIL, `unit` that of costs."""
    mine, theirs = example_means(costs), example_means(reference)
    found = ratio_of_sums(mine, theirs, noise=SeedNoise(seed_noise(costs), seed_noise(reference)))
    p_pass, p_fail = found.below(bar), found.above(bar)
    outcome = _outcome(p_pass, p_fail, alphas)
    value, other = fmean(mine), fmean(theirs)
    alpha = alphas[0] if value < bar * other else alphas[1]
    return Criterion(
        name="cost",
        unit=f"{unit} a question",
        outcome=outcome,
        bar=bar,
        value=value,
        reference_value=other,
        ratio=found.ratio if other > 0 else None,
        interval=found.interval(alphas[1], alphas[0]),
        p_pass=p_pass,
        p_fail=p_fail,
        n=len(mine),
        more=_more(outcome, amounts_needed(mine, theirs, bar, alpha), len(mine)),
    )


def _outcome(p_pass: float, p_fail: float, alphas: tuple[float, float]) -> Outcome:
    if p_pass <= alphas[0]:
        return Outcome.PASS
    return Outcome.FAIL if p_fail <= alphas[1] else Outcome.INCONCLUSIVE


def _more(outcome: Outcome, needed: int | None, n: int) -> int | None:
    return needed - n if outcome is Outcome.INCONCLUSIVE and needed is not None else None
