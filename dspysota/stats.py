"""Intervals and percentiles: pure functions, seeded where they draw.

Scores are in [0, 1], differences in [-1, 1]; every interval is two-sided. Which interval is taken, and why:

==========================================  ==================================================================
scores                                      interval of their mean
==========================================  ==================================================================
all 0 or 1                                  Wilson's score interval
fractional, 10 or more unlike the rest      bias-corrected and accelerated (BCa) bootstrap, 9,999 resamples
fractional, more than 2,000                 Student's t: the mean of so many bounded scores is near enough normal
fractional, nearly all alike, or few        Wilson's with the mean as the share: wider than need be, never too sure
==========================================  ==================================================================

"The rest" are the scores of the commonest value: what a bootstrap draws from is the others, however many there are of
those. The last line holds because no score in [0, 1] with mean p varies more than p (1 - p), the variance of 0/1 scores
(Bhatia & Davis 2000, "A better bound on the variance", Amer. Math. Monthly 107:353-357).

==========================================  ==================================================================
paired differences                          interval of their mean
==========================================  ==================================================================
all -1, 0 or 1                              Tango's score interval and Student's t
fractional                                  BCa bootstrap and Student's t
fractional, fewer than 10 unlike zero       these, and Tango's interval of their signs
fractional, more than 2,000                 Student's t
fractional, fewer than 10, or all alike     as for scores, moved to [0, 1] and back
==========================================  ==================================================================

Of several intervals each end is that of the widest. A bootstrap alone is too sure of sparse differences: at 40 pairs of
which a tenth differ it sees a difference that is not there in 10% of cases where 5% are allowed; Tango's and Student's
together keep to 5.2% wherever it was computed (`test_right_and_wrong_answers_are_wrongly_told_apart_in_one_of_twenty`).
"""

from __future__ import annotations

import math
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from statistics import NormalDist, fmean
from typing import NamedTuple

from dspysota.errors import RunError

RESAMPLES = 9_999
"""Bootstrap resamples: one fewer than 10,000, so that the tail probabilities fall on whole ranks."""

FEW = 10
"""Below so many scores, or scores unlike the rest, a bootstrap has too little to draw from."""

MANY = 2_000
"""Above so many fractional scores Student's t and the bootstrap agree, and t takes no time."""


class Interval(NamedTuple):
    """A two-sided confidence interval, both ends included."""

    low: float
    high: float


def wilson(successes: float, n: int, confidence: float = 0.95) -> Interval:
    """Wilson's score interval of a share, without continuity correction.

    Source: E. B. Wilson (1927), "Probable inference, the law of succession, and statistical inference",
    J. Amer. Stat. Assoc. 22:209-212. `successes` is in 0..n and need not be whole (see the module's table).
    Raises RunError when `n` is below 1 or `successes` is not in 0..n.

    >>> low, high = wilson(50, 100)
    >>> round(low, 4), round(high, 4)
    (0.4038, 0.5962)
    >>> wilson(0, 1).low, round(wilson(0, 1).high, 4)
    (0.0, 0.7935)
    """
    if n < 1:
        raise RunError(f"An interval needs at least one score, not {n!r}.")
    if not 0 <= successes <= n:
        raise RunError(f"{successes!r} successes of {n} is no share; it must lie in 0..{n}.")
    z = _z(confidence)
    share = successes / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    # At the ends the formula is exact; rounding must not take the share itself out of its interval.
    return Interval(0.0 if share == 0 else max(0.0, middle - half), 1.0 if share == 1 else min(1.0, middle + half))


def mean_interval(scores: Sequence[float], confidence: float = 0.95, seed: int = 0) -> Interval:
    """Confidence interval of the mean of scores in [0, 1], itself inside [0, 1]; the module says which one.

    Source of the bootstrap: B. Efron (1987), "Better bootstrap confidence intervals", J. Amer. Stat. Assoc.
    82:171-185, as in `scipy.stats.bootstrap`. The same scores and seed give the same interval.
    Raises RunError when there are no scores, or one is not in [0, 1].

    >>> mean_interval([1, 0, 1, 0]) == wilson(2, 4)
    True
    >>> low, high = mean_interval([0.0, 0.2, 0.4, 0.6, 0.8] * 20)
    >>> 0.33 < low < 0.4 < high < 0.47
    True
    """
    values = _scores(scores)
    n = len(values)
    if set(values) <= {0.0, 1.0} or n - _commonest(values) < FEW:
        return wilson(min(float(n), math.fsum(values)), n, confidence)
    if n > MANY:
        return _clamped(student(values, confidence), 0.0, 1.0)
    return _clamped(_bootstrap(values, confidence, seed), 0.0, 1.0)


def student(values: Sequence[float], confidence: float = 0.95) -> Interval:
    """Student's t interval of a mean: mean ± t(n - 1) · s / √n.

    Source: Student (1908), "The probable error of a mean", Biometrika 6:1-25. Raises RunError below two values.

    >>> low, high = student([1.0, 2.0, 3.0, 4.0])
    >>> round(low, 3), round(high, 3)
    (0.446, 4.554)
    """
    n = len(values)
    if n < 2:
        raise RunError(f"Student's interval needs at least two values, not {n}.")
    from scipy.stats import t  # lazily: scipy takes half a second; most of dspysota never needs it

    mean = fmean(values)
    deviation = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (n - 1))
    half = float(t.ppf((1 + _level(confidence)) / 2, n - 1)) * deviation / math.sqrt(n)
    return Interval(mean - half, mean + half)


def percentile(values: Sequence[float], q: float) -> float:
    """The `q`-th percentile, `q` in 0..100, by linear interpolation between order statistics.

    Source: definition 7 of R. J. Hyndman & Y. Fan (1996), "Sample quantiles in statistical packages",
    Amer. Statistician 50:361-365; numpy's and R's default. Raises RunError when there are no values or `q` is outside.

    >>> percentile([1.0, 2.0, 3.0, 4.0], 50)
    2.5
    >>> percentile([3.0, 1.0], 95)
    2.9
    """
    if not values:
        raise RunError("A percentile needs at least one value.")
    if not 0 <= q <= 100:
        raise RunError(f"Percentile {q!r} does not exist; it must lie in 0..100.")
    ordered = sorted(values)
    place = (len(ordered) - 1) * q / 100
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


def paired_difference(a: Sequence[float], b: Sequence[float], confidence: float = 0.95, seed: int = 0) -> Interval:
    """Interval of mean(a) - mean(b), where a[i] and b[i] are scores of the same example; inside [-1, 1].

    Pairs are resampled together (B. Efron & R. J. Tibshirani 1993, "An introduction to the bootstrap", chapter 8), so
    what both find hard widens nothing. Where no pair differs, the mean difference is at most the share of pairs that
    differ, whose Wilson bound is taken. Raises RunError when there are no pairs or the lengths differ.

    Source for right and wrong answers: T. Tango (1998), "Equivalence test and confidence interval for the difference in
    proportions for the paired-sample design", Statist. Med. 17:891-908. The module says which interval is taken else.

    >>> low, high = paired_difference([1.0] * 30 + [0.0] * 10, [1.0] * 20 + [0.0] * 20)
    >>> 0.1 < low < 0.25 < high < 0.42
    True
    """
    if len(a) != len(b):
        raise RunError(f"Paired scores must be of the same examples, but there are {len(a)} and {len(b)}.")
    differences = [x - y for x, y in zip(_scores(a), _scores(b), strict=True)]
    n = len(differences)
    if not any(differences):
        bound = wilson(0, n, confidence).high
        return Interval(-bound, bound)
    if set(differences) <= {-1.0, 0.0, 1.0}:
        return _widest([_tango(differences, confidence), *([student(differences, confidence)] if n > 1 else [])])
    if n < FEW or len(set(differences)) == 1:
        # Differences in [-1, 1], moved to [0, 1] and back: the last line of the scores' table.
        low, high = wilson(min(float(n), math.fsum((d + 1) / 2 for d in differences)), n, confidence)
        return Interval(2 * low - 1, 2 * high - 1)
    found = [student(differences, confidence)]
    if n <= MANY:
        found.append(_bootstrap(differences, confidence, seed))
    if n - differences.count(0.0) < FEW:
        found.append(_tango([math.copysign(1, d) if d else 0.0 for d in differences], confidence))
    return _widest(found)


def _widest(found: Sequence[Interval]) -> Interval:
    """The ends farthest out, inside [-1, 1]."""
    return _clamped(Interval(min(one.low for one in found), max(one.high for one in found)), -1.0, 1.0)


def _tango(differences: Sequence[float], confidence: float) -> Interval:
    """Tango's score interval from differences that are -1, 0 or 1: all d that his statistic does not reject.

    The statistic falls as d grows, so its two roots are bisected to. Its variance has the share of pairs that only the
    second got right, by maximum likelihood under d (his equation for q21).
    """
    n, better, worse = len(differences), differences.count(1.0), differences.count(-1.0)
    z = _z(confidence)

    def statistic(d: float) -> float:
        b = (2 * n - better + worse) * d - better - worse
        share = (math.sqrt(max(0.0, b * b + 8 * n * worse * d * (1 - d))) - b) / (4 * n)
        off, variance = better - worse - n * d, n * (2 * share + d * (1 - d))
        return off / math.sqrt(variance) if variance > 0 else math.copysign(math.inf, off) if off else 0.0

    middle = (better - worse) / n
    return Interval(_root(statistic, z, -1.0, middle), _root(statistic, -z, middle, 1.0))


def _root(falling: Callable[[float], float], value: float, low: float, high: float) -> float:
    """Where a falling function passes a value, to the precision of floating point."""
    while low < (middle := (low + high) / 2) < high:
        low, high = (middle, high) if falling(middle) > value else (low, middle)
    return high


def _commonest(values: Sequence[float]) -> int:
    return max(Counter(values).values())


def _bootstrap(values: Sequence[float], confidence: float, seed: int) -> Interval:
    """BCa bootstrap of the mean; Student's t where BCa is undefined (its acceleration can divide by zero)."""
    import numpy
    from scipy.stats import bootstrap  # lazily, as above

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = bootstrap(
            (numpy.asarray(values, dtype=float),),
            numpy.mean,
            n_resamples=RESAMPLES,
            batch=1_000,  # bounds memory: 1,000 resamples of 2,000 scores are 16 MB
            confidence_level=_level(confidence),
            method="BCa",
            rng=numpy.random.default_rng(seed),
        ).confidence_interval
    low, high = float(found.low), float(found.high)
    if not (math.isfinite(low) and math.isfinite(high)):
        return student(values, confidence)
    return Interval(low, high)


def _scores(scores: Sequence[float]) -> list[float]:
    """The scores as floats; RunError when there are none or one is not in [0, 1]."""
    if not scores:
        raise RunError("An interval needs at least one score, and there is none.")
    for score in scores:
        if not 0 <= score <= 1:  # False for NaN, too
            raise RunError(f"Score {score!r} is outside 0..1.")
    return [float(score) for score in scores]


def _level(confidence: float) -> float:
    if not 0 < confidence < 1:
        raise RunError(f"Confidence {confidence!r} does not exist; it must lie between 0 and 1, such as 0.95.")
    return confidence


def _z(confidence: float) -> float:
    return NormalDist().inv_cdf((1 + _level(confidence)) / 2)


def _clamped(interval: Interval, least: float, most: float) -> Interval:
    return Interval(max(least, interval.low), min(most, interval.high))
