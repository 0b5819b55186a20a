"""How many examples a claim needs: after an undecided run, and before any run.

Both use the usual normal approximation: n = ((z_α σ0 + z_β σ1) / δ)², where δ is the mean of score - t * reference,
σ1 its standard deviation, and σ0 the one under the likeliest boundary (`dspysota.claims.score`); the power is 1 - β.
It agrees with simulated power to a few percent of n (docs/statistics.md).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from statistics import NormalDist
from typing import NamedTuple

import numpy

from dspysota.claims.ratio import Pairs, moments, pairs
from dspysota.errors import ConfigError

POWER = 0.8
"""What "probably" means."""

HOPELESS = 100
"""A run that would need more than so many times its examples lies at the claim's margin: more will not help."""

AGREEMENT = 0.3
"""How far the right answers of two models coincide, where it is not known: 0 as if by chance, 1 as far as they can.

0.3 is low, so that rather more examples are asked for than fewer; two models of a family come to 0.6.
"""


class Range(NamedTuple):
    """True ratios that so many examples can probably tell from the claim's: `fail` and below, `passed` and above.

    `fail` is None where no ratio from 0 up can be told, `passed` where none can that leaves the score at most 1.
    """

    fail: float | None
    passed: float | None


def examples_needed(
    scores: Sequence[float], reference: Sequence[float], ratio: float, alpha: float = 0.05, power: float = POWER
) -> int | None:
    """Examples, those asked included, that would show with this power on which side of `ratio` the observed ratio lies.

    None when it lies at the margin: then not even 100 times the examples would, so the answer is not to be had by more.

    >>> examples_needed([1, 1, 1, 0] * 50, [1, 1, 0, 1] * 50, 0.9)
    501
    """
    both = pairs(scores, reference)
    needed = _needed(both, ratio, alpha, power)
    return None if needed > HOPELESS * both.n else max(both.n + 1, math.ceil(needed))


def amounts_needed(
    values: Sequence[float], reference: Sequence[float], ratio: float, alpha: float = 0.05, power: float = POWER
) -> int | None:
    """The same for a ratio of sums, such as costs."""
    off = numpy.asarray(values, dtype=float) - ratio * numpy.asarray(reference, dtype=float)
    n, mean = len(off), abs(float(off.mean()))
    needed = math.inf if mean == 0 else (_reach(alpha, power) * float(off.std()) / mean) ** 2
    return None if needed > HOPELESS * n else max(n + 1, math.ceil(needed))


def tellable(
    n: int,
    reference_score: float,
    ratio: float,
    *,
    alpha: float = 0.05,
    power: float = POWER,
    agreement: float = AGREEMENT,
) -> Range:
    """The true ratios that `n` examples can tell from `ratio`, for right and wrong answers: what a dry run can promise.

    `reference_score` is the score that the reference is expected to have, in (0, 1]; `agreement` how far right answers
    coincide, in [0, 1]. Raises ConfigError for values outside.

    >>> found = tellable(1319, 0.8, 0.9)
    >>> round(found.fail, 3), round(found.passed, 3)
    (0.856, 0.942)
    """
    if n < 1 or not 0 < reference_score <= 1 or not 0 <= agreement <= 1 or not ratio > 0:
        raise ConfigError(
            f"No range of ratios for n={n!r}, reference_score={reference_score!r}, ratio={ratio!r} and "
            f"agreement={agreement!r}: it takes an example, a score in (0, 1], a ratio above 0, an agreement in 0..1."
        )

    def told(true: float) -> bool:
        cells = expected(reference_score, true * reference_score, agreement)
        return _needed(cells, ratio, alpha, power) <= n

    most = 1 / reference_score
    return Range(
        fail=_edge(told, ratio, 0.0) if told(0.0) else None,
        passed=_edge(told, ratio, most) if most > ratio and told(most) else None,
    )


def expected(reference_score: float, score: float, agreement: float) -> Pairs:
    """Shares of right and wrong pairs for two mean scores: both right by chance, and `agreement` of the way to the
    most.

    `n` is 1 and `counts` are shares.
    """
    chance = score * reference_score
    both = chance + agreement * (min(score, reference_score) - chance)
    counts = numpy.array([both, score - both, reference_score - both, 1 - score - reference_score + both])
    return Pairs(numpy.array([1.0, 1.0, 0.0, 0.0]), numpy.array([1.0, 0.0, 1.0, 0.0]), counts, 1)


def _needed(both: Pairs, ratio: float, alpha: float, power: float) -> float:
    at = numpy.array([float(ratio)])
    found = moments(both, at)
    delta = abs(float(found.mean[0]))
    if delta < 1e-12:
        return math.inf
    values = both.scores - ratio * both.reference
    shares = both.counts / both.n
    own = math.sqrt(max(0.0, float(shares @ values**2) - delta**2))
    z = NormalDist().inv_cdf
    return ((z(1 - alpha) * math.sqrt(float(found.variance[0])) + z(power) * own) / delta) ** 2


def _reach(alpha: float, power: float) -> float:
    return NormalDist().inv_cdf(1 - alpha) + NormalDist().inv_cdf(power)


def _edge(told: Callable[[float], bool], near: float, far: float) -> float:
    """The ratio nearest to `near` that is told, where `far` is."""
    for _ in range(40):
        middle = (near + far) / 2
        near, far = (near, middle) if told(middle) else (middle, far)
    return far
