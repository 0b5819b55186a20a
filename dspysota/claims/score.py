"""The score test of a mean that cannot leave a range, on arrays: one test, or as many as there are rows.

A claim "the ratio of two mean scores exceeds t" is one about the mean of differences d = score - t * reference, which
lie in [-t, 1]. The statistic is √n · mean(d) / √V, where V is the variance of d under the likeliest distribution on
that range whose mean is zero. For right and wrong answers this is the score test of Nam & Blackwelder; for fractional
scores it is the same test with Owen's empirical likelihood in place of the multinomial one. Two corrections are made,
without which a rare outcome decides too often:

- for skewness (Cornish & Fisher), and only where it makes the test harder to pass. Plain, the test says FAIL wrongly
  in up to 6.6% of cases at a nominal 5%;
- for the variance being an estimate: Student's quantiles, with the degrees of freedom that the kurtosis of d leaves.

Sources: J.-m. Nam & W. C. Blackwelder (2002), "Analysis of the ratio of marginal probabilities in a matched-pair
setting", Statistics in Medicine 21:689-699. A. B. Owen (2001), "Empirical likelihood", chapter 2. E. A. Cornish & R.
A. Fisher (1938), "Moments and cumulants in the specification of distributions", Rev. Int. Stat. Inst. 5:307-320. F.
E. Satterthwaite (1946), "An approximate distribution of estimates of variance components", Biometrics Bulletin
2:110-114. How often it errs: docs/statistics.md.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy
from numpy.typing import NDArray

Floats = NDArray[numpy.float64]

STEPS = 60
"""Newton steps at most, kept in a bracket; six to ten are usual."""

HALVINGS = 45
"""Halvings of the logarithm of a p-value."""


class Moments(NamedTuple):
    """Observed mean of a difference; the rest under the likeliest distribution with mean zero. Arrays of a shape."""

    mean: Floats
    variance: Floats
    third: Floats
    fourth: Floats


class Noise(NamedTuple):
    """A part of the variance of a mean, such as that between seeds, and its degrees of freedom."""

    variance: float | Floats
    freedom: float | Floats


class Tails(NamedTuple):
    """The statistic, and the one-sided p-values of "the mean is above zero" and "below zero". Arrays of a shape."""

    statistic: Floats
    above: Floats
    below: Floats


def right_or_wrong(counts: Floats, n: int, ratio: float | Floats) -> Moments:
    """Moments for scores of 0 and 1, in closed form: `counts` of pairs both right, right only here, only there; of `n`.

    Shapes: (3, …) for the counts, (…) for the ratio.

    With m = both + only + reference_only, the likeliest probabilities under p1 = t p0 are p01 = (m / n) u and
    p10 = (m / n) (u - (1 - t)) / t, where u is the larger root of (1 + t) m u² - B u + reference_only (t - 1) = 0 and
    B = only + reference_only (2 - t²) + both (1 - t²).
    """
    both, only, reference_only = numpy.asarray(counts, dtype=float)
    t = numpy.asarray(ratio, dtype=float)
    m = numpy.maximum(both + only + reference_only, 1e-300)
    b = only + reference_only * (2 - t * t) + both * (1 - t * t)
    root = numpy.sqrt(numpy.maximum(0.0, b * b - 4 * (1 + t) * m * reference_only * (1 - t)))
    u = (b + root) / (2 * (1 + t) * m)
    there, here = m / n * u, numpy.maximum(0.0, m / n * (u - (1 - t)) / t)
    shared = numpy.maximum(0.0, m / n - there - here)
    return Moments(
        mean=(both + only - t * (both + reference_only)) / n,
        variance=t * (here + there),
        third=shared * (1 - t) ** 3 + here - t**3 * there,
        fourth=shared * (1 - t) ** 4 + here + t**4 * there,
    )


def bounded(values: Floats, weights: Floats, lowest: Floats, highest: Floats) -> Moments:
    """Moments for any values in [lowest, highest], a range around 0; `weights` sum to 1 over the last axis.

    The likeliest distribution with mean zero puts w / (1 + x v) on each value v, with x such that the mean is zero, and
    what is then left on the far end of the range (Owen 2001, chapter 2). Shapes: (…, k), (…, k), (…), (…).
    """
    mean = (weights * values).sum(axis=-1)
    sign = numpy.where(mean < 0, -1.0, 1.0)
    far = numpy.where(mean < 0, highest, lowest)
    turned = values * sign[..., None]
    x = _tilt(turned, weights, 1 / numpy.abs(far))
    # A value at the far end may have no weight, and then nothing to divide.
    shares = weights / numpy.maximum(1 + x[..., None] * turned, 1e-12)
    left = numpy.maximum(0.0, 1 - shares.sum(axis=-1))
    return Moments(mean, *((shares * values**k).sum(axis=-1) + left * far**k for k in (2, 3, 4)))


def tails(moments: Moments, n: int, noises: Sequence[Noise] = ()) -> Tails:
    """The test on `n` examples. Where nothing varies, nothing is decided: both p-values are 1."""
    spread = moments.variance > 1e-15
    variance = numpy.where(spread, moments.variance, 1.0)
    square = variance / n
    total = square + sum(noise.variance for noise in noises)
    skewness = numpy.where(spread, moments.third, 0.0) / variance**1.5 / math.sqrt(n) * (square / total) ** 1.5
    kurtosis = numpy.where(spread, moments.fourth, 3.0) / variance**2
    freedom = numpy.clip(2 * n / numpy.maximum(kurtosis - 1, 1e-9), 1, max(1, n - 1))
    statistic = numpy.where(spread, moments.mean, 0.0) / numpy.sqrt(total)
    size = _corrected(numpy.abs(statistic), numpy.sign(statistic) * skewness / 6)
    small = beyond(size, [Noise(square / total, freedom), *(n._replace(variance=n.variance / total) for n in noises)])
    up = statistic > 0
    above, below = numpy.where(up, small, 1 - small), numpy.where(up, 1 - small, small)
    return Tails(statistic, numpy.where(spread, above, 1.0), numpy.where(spread, below, 1.0))


def beyond(size: Floats, parts: Sequence[Noise]) -> Floats:
    """The p at which size² = Σ share · t(p)², over parts with a share of the variance each; below one half.

    With one part that is Student's tail. With more it is the conservative combination of S. K. Banerjee (1960),
    "Approximate confidence interval for linear functions of means of k populations", J. Amer. Stat. Assoc. 55:150-155.
    """
    from scipy.special import stdtr, stdtrit  # late: scipy takes a while, and a test may never be made

    if len(parts) == 1:
        return numpy.asarray(stdtr(parts[0].freedom, -size))
    low, high = numpy.full_like(size, -40.0), numpy.full_like(size, math.log(0.5))
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        within = size**2 < sum(part.variance * stdtrit(part.freedom, numpy.exp(middle)) ** 2 for part in parts)
        low, high = numpy.where(within, middle, low), numpy.where(within, high, middle)
    return numpy.exp(high)


def _corrected(size: Floats, tilt: Floats) -> Floats:
    """The z of size = z + tilt (z² - 1), where that is smaller than `size` itself."""
    tilt = numpy.where((tilt > 1e-9) & (size > 1), tilt, 0.0)
    safe = numpy.where(tilt > 0, tilt, 1.0)
    solved = (numpy.sqrt(1 + 4 * safe * (size + safe)) - 1) / (2 * safe)
    return numpy.where(tilt > 0, numpy.minimum(size, solved), size)


def _tilt(values: Floats, weights: Floats, limit: Floats) -> Floats:
    """The x in [0, limit] at which Σ w v / (1 + x v) is zero, for mean(v) >= 0; `limit` where it stays positive."""
    whole = weights * values
    end = 1 + limit[..., None] * values
    touched = ((end <= 1e-12) & (weights > 0)).any(axis=-1)
    at_end = (whole / numpy.maximum(end, 1e-12)).sum(axis=-1)
    free = ~touched & (at_end >= 0)
    low, high = numpy.zeros_like(limit), numpy.array(limit)
    x = numpy.minimum(whole.sum(axis=-1) / numpy.maximum((whole * values).sum(axis=-1), 1e-300), 0.5 * limit)
    for _ in range(STEPS):
        part = values / numpy.maximum(1 + x[..., None] * values, 1e-12)
        f, slope = (weights * part).sum(axis=-1), (weights * part * part).sum(axis=-1)
        low, high = numpy.where(f > 0, x, low), numpy.where(f > 0, high, x)
        new = x + f / numpy.maximum(slope, 1e-300)
        new = numpy.where((new > low) & (new < high), new, (low + high) / 2)
        done = bool((free | (numpy.abs(new - x) <= 1e-11 * limit)).all())
        x = new
        if done:
            break
    return numpy.where(free, limit, x)
