"""The ratio of two sums over the same examples, such as dollars: tested by the studentized bootstrap.

"The ratio is below t" is "the mean of d = cost - t * reference cost is below zero", as for scores (Fieller's way; a
bound that is linear around the ratio observed trusts a reference whose sum is one outlier). Costs have no upper end
and long tails, so Student's quantiles are replaced by those of resampled pairs, each studentized by its own standard
error; of both p-values the larger is taken, since a resample of few examples can look too sure.

Sources: E. C. Fieller (1954), "Some problems in interval estimation", J. Roy. Stat. Soc. B 16:175-185. B. Efron & R.
J. Tibshirani (1993), "An introduction to the bootstrap", chapter 12.5. It errs less often than the BCa bootstrap
where costs are skewed (docs/statistics.md). What no method can see is a rare large cost that has not occurred yet.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy

from dspysota.claims.ratio import ONE_SEED, SeedNoise
from dspysota.claims.score import Floats, Noise, beyond
from dspysota.errors import RunError
from dspysota.stats import Interval

RESAMPLES = 9_999
"""One fewer than 10,000, so that the tail probabilities fall on whole ranks."""

CHUNK = 1_000_000
"""Drawn pairs held in memory at once."""

HALVINGS = 40
"""Of the range in which a bound lies."""


class Sums(NamedTuple):
    """Means over pairs (x, y) of x, y, x², xy and y²: all that a test of x - t y needs, for one sample or for many."""

    x: Floats
    y: Floats
    xx: Floats
    xy: Floats
    yy: Floats

    @property
    def swapped(self) -> Sums:
        """The same with x and y exchanged."""
        return Sums(self.y, self.x, self.yy, self.xy, self.xx)

    def mean(self, t: float) -> Floats:
        """Mean of x - t y."""
        return self.x - t * self.y

    def square(self, t: float, n: int) -> Floats:
        """Squared standard error of that mean over n pairs; 0 where rounding is all that is left."""
        power = self.xx - 2 * t * self.xy + t * t * self.yy
        spread = power - self.mean(t) ** 2
        return numpy.where(spread > 1e-12 * power, spread, 0.0) / (n - 1)


class RatioOfSums:
    """The ratio sum(x) / sum(y) of pairs, to be tested against any ratio, and its interval."""

    def __init__(self, n: int, own: Sums, drawn: Sums, noise: SeedNoise) -> None:
        self.n = n
        self._own, self._drawn, self._noise = own, drawn, noise

    @property
    def ratio(self) -> float:
        """Sum over sum; infinite where the reference's is 0."""
        return float(self._own.x) / float(self._own.y) if self._own.y > 0 else math.inf

    @property
    def swapped(self) -> RatioOfSums:
        """The reference over what was measured against it."""
        return RatioOfSums(self.n, self._own.swapped, self._drawn.swapped, self._noise.swapped)

    def below(self, ratio: float) -> float:
        """p-value of "the ratio is below this one"; never under 2^-n, what n alike signs can show.

        1 where the reference costs nothing, or there is one pair only.
        """
        if self.n < 2 or self._own.y <= 0:
            return 1.0
        mean, square = float(self._own.mean(ratio)), float(self._own.square(ratio, self.n))
        if mean >= 0:
            return 1.0
        noises = self._noise.at(numpy.array(ratio))
        total = square + sum(float(noise.variance) for noise in noises)
        if total == 0:
            return float(0.5**self.n)
        statistic = mean / math.sqrt(total)
        parts = [Noise(numpy.array(square / total), self.n - 1.0)]
        parts += [noise._replace(variance=noise.variance / total) for noise in noises]
        student = float(beyond(numpy.array(-statistic), parts))
        return max(student, self._resampled(ratio, mean, statistic), 0.5**self.n)

    def above(self, ratio: float) -> float:
        """p-value of "the ratio is above this one"."""
        return 1.0 if self._own.y <= 0 else self.swapped.below(1 / ratio)

    def interval(self, low: float = 0.025, high: float = 0.025) -> Interval:
        """The ratios not rejected: below the lower end at error rate `low`, above the upper at `high`."""
        if self._own.y <= 0:
            return Interval(0.0, math.inf)
        lower = self.swapped._upper(low)
        return Interval(1 / lower if lower > 0 else math.inf, self._upper(high))

    def _upper(self, alpha: float) -> float:
        """The least ratio shown not to be reached, searched for on ratio / (1 + ratio); infinite where none is."""
        if self._own.y <= 0:
            return math.inf
        low, high = self.ratio / (1 + self.ratio), 1.0
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            shown = self.below(middle / (1 - middle)) <= alpha
            low, high = (low, middle) if shown else (middle, high)
        return math.inf if high == 1.0 else high / (1 - high)

    def _resampled(self, ratio: float, mean: float, statistic: float) -> float:
        off = self._drawn.mean(ratio) - mean
        square = self._drawn.square(ratio, self.n)
        # A resample in which nothing varies is infinitely sure of its mean.
        errors = numpy.where(
            square > 0, off / numpy.sqrt(numpy.where(square > 0, square, 1.0)), 1e300 * numpy.sign(off)
        )
        return (1 + int((errors <= statistic).sum())) / (1 + len(errors))


def ratio_of_sums(
    values: Sequence[float],
    reference: Sequence[float],
    *,
    noise: SeedNoise = ONE_SEED,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> RatioOfSums:
    """The ratio of sum(values) to sum(reference), where values[i] and reference[i] are of the same example.

    Values are at least 0 and finite, in one unit. The same values and seed give the same result. Raises RunError when
    there are no pairs, the lengths differ, or a value is negative or not finite.

    >>> found = ratio_of_sums([1.0, 2.0, 3.0] * 20, [20.0, 40.0, 70.0] * 20)
    >>> round(found.ratio, 4), found.below(0.05) < 0.001
    (0.0462, True)
    >>> low, high = found.interval(0.05, 0.05)
    >>> 0.045 < low < 0.0462 < high < 0.048
    True
    """
    x, y = _amounts(values), _amounts(reference)
    if len(x) != len(y):
        raise RunError(f"Paired amounts must be of the same examples, but there are {len(x)} and {len(y)}.")
    n, generator = len(x), numpy.random.default_rng(seed)
    rows = max(1, CHUNK // n)
    draws = [
        _sums(x, y, generator.integers(0, n, size=(min(rows, resamples - start), n), dtype=numpy.int32))
        for start in range(0, resamples, rows)
    ]
    drawn = Sums(*(numpy.concatenate(parts) for parts in zip(*draws, strict=True)))
    return RatioOfSums(n, Sums(*(part[0] for part in _sums(x, y, numpy.arange(n)[None]))), drawn, noise)


def _sums(x: Floats, y: Floats, rows: numpy.typing.NDArray[numpy.integer]) -> Sums:
    a, b, n = x[rows], y[rows], rows.shape[1]
    products = (numpy.einsum("ij,ij->i", *both) / n for both in ((a, a), (a, b), (b, b)))
    return Sums(a.mean(axis=1), b.mean(axis=1), *products)


def _amounts(values: Sequence[float]) -> Floats:
    amounts = numpy.asarray(values, dtype=float)
    if not len(amounts):
        raise RunError("A ratio of sums needs at least one pair of amounts, and there is none.")
    wrong = ~((amounts >= 0) & numpy.isfinite(amounts))
    if wrong.any():
        raise RunError(f"Amount {float(amounts[wrong][0])!r} is no cost; it must be at least 0 and finite.")
    return amounts
