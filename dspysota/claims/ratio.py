"""The ratio of two mean scores on the same examples: a test on either side of a claimed ratio, and an interval."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy
from numpy.typing import NDArray

from dspysota.claims.score import Floats, Moments, Noise, Tails, bounded, right_or_wrong, tails
from dspysota.errors import RunError
from dspysota.stats import Interval

GRID = 33
"""Ratios tried at once when a bound is searched for; five rounds place it within 1e-7 of the way."""

ROUNDS = 5


class RatioTest(NamedTuple):
    """A test of mean(score) / mean(reference) against a claimed ratio.

    `statistic` is that of Nam & Blackwelder. `above` is the p-value of "the ratio exceeds the claimed one", `below`
    that of "it falls short": each is small where the scores say so.
    """

    statistic: float
    above: float
    below: float


class Pairs(NamedTuple):
    """Pairs of scores that occur, and how many examples have each; `n` in all. Arrays of one length."""

    scores: Floats
    reference: Floats
    counts: NDArray[numpy.int64]
    n: int

    @property
    def swapped(self) -> Pairs:
        """The reference measured against the run."""
        return self._replace(scores=self.reference, reference=self.scores)


class SeedNoise(NamedTuple):
    """What the choice of seeds adds to the variance of a mean score, of the run's and of the reference's.

    None where there is one seed only; see `dspysota.claims.seeds`.
    """

    scores: Noise | None = None
    reference: Noise | None = None

    def at(self, ratios: Floats) -> list[Noise]:
        """The same for the mean of score - ratio * reference."""
        parts = [] if self.scores is None else [self.scores]
        if self.reference is not None:
            parts.append(self.reference._replace(variance=ratios**2 * self.reference.variance))
        return parts

    @property
    def swapped(self) -> SeedNoise:
        """The same with the roles exchanged."""
        return SeedNoise(self.reference, self.scores)


ONE_SEED = SeedNoise()
"""Nothing is known of other seeds."""


def paired_ratio_test(
    scores: Sequence[float], reference: Sequence[float], ratio: float, noise: SeedNoise = ONE_SEED
) -> RatioTest:
    """Test mean(scores) against ratio * mean(reference), where scores[i] and reference[i] are of the same example.

    Scores are in [0, 1]; right and wrong ones take the closed form. Where neither ever scores, both p-values are 1.
    Raises RunError when there are no pairs, the lengths differ, a score is outside, or the ratio is not positive.

    >>> test = paired_ratio_test([1, 1, 1, 0] * 50, [1, 1, 0, 1] * 50, 0.9)
    >>> round(test.statistic, 3), round(test.above, 3)
    (1.569, 0.059)
    """
    if not 0 < ratio < math.inf:
        raise RunError(f"Ratio {ratio!r} cannot be claimed; it must be a number above 0, such as 0.9.")
    found = _tails(pairs(scores, reference), numpy.array([float(ratio)]), noise)
    return RatioTest(*(float(value[0]) for value in found))


def paired_ratio_interval(
    scores: Sequence[float],
    reference: Sequence[float],
    low: float = 0.025,
    high: float = 0.025,
    noise: SeedNoise = ONE_SEED,
) -> Interval:
    """The ratios that the test does not reject: below the lower end at error rate `low`, above the upper at `high`.

    The lower end is 0 and the upper infinite where the scores set no bound. Raises RunError as `paired_ratio_test`.

    >>> low, high = paired_ratio_interval([1, 1, 1, 0] * 50, [1, 1, 0, 1] * 50)
    >>> round(low, 3), round(high, 3)
    (0.875, 1.142)
    """
    both = pairs(scores, reference)
    upper = _lower(both.swapped, high, noise.swapped)
    return Interval(_lower(both, low, noise), 1 / upper if upper > 0 else math.inf)


def pairs(scores: Sequence[float], reference: Sequence[float]) -> Pairs:
    """The distinct pairs with their counts. Raises RunError for what is no paired scores."""
    if len(scores) != len(reference):
        raise RunError(f"Paired scores must be of the same examples, but there are {len(scores)} and {len(reference)}.")
    if not len(scores):
        raise RunError("A ratio needs at least one pair of scores, and there is none.")
    table = numpy.column_stack([numpy.asarray(scores, dtype=float), numpy.asarray(reference, dtype=float)])
    outside = ~((table >= 0) & (table <= 1))  # NaN, too
    if outside.any():
        raise RunError(f"Score {float(table[outside][0])!r} is outside 0..1.")
    distinct, counts = numpy.unique(table, axis=0, return_counts=True)
    return Pairs(distinct[:, 0], distinct[:, 1], counts, len(table))


def moments(both: Pairs, ratios: Floats) -> Moments:
    """Moments of score - ratio * reference at each of the ratios, at that boundary."""
    if set(numpy.unique([both.scores, both.reference])) <= {0.0, 1.0}:
        cells = {(s, r): float(k) for s, r, k in zip(both.scores, both.reference, both.counts, strict=True)}
        kinds = numpy.array([cells.get(cell, 0.0) for cell in ((1, 1), (1, 0), (0, 1))])
        return right_or_wrong(numpy.broadcast_to(kinds[:, None], (3, len(ratios))), both.n, ratios)
    values = both.scores - ratios[:, None] * both.reference
    weights = numpy.broadcast_to(both.counts / both.n, values.shape)
    return bounded(values, weights, -ratios, numpy.ones_like(ratios))


def _tails(both: Pairs, ratios: Floats, noise: SeedNoise) -> Tails:
    return tails(moments(both, ratios), both.n, noise.at(ratios))


def _lower(both: Pairs, alpha: float, noise: SeedNoise) -> float:
    """The largest ratio, below that observed, that the scores show to be exceeded; 0 where none.

    Searched for on the share v = ratio / (1 + ratio), which a reference without any score leaves finite.
    """
    top, bottom = float(both.scores @ both.counts), float(both.reference @ both.counts)
    if top == 0:
        return 0.0
    low, high = 0.0, top / (top + bottom)
    for _ in range(ROUNDS):
        shares = numpy.linspace(low, high, GRID)[1:-1]
        shown = _tails(both, shares / (1 - shares), noise).above <= alpha
        # The bound nearest to the observed ratio: far from it, where few answers say anything, p-values grow again.
        first = len(shares) - int(numpy.argmax(shown[::-1])) if shown.any() else 0
        step = (high - low) / (GRID - 1)
        low, high = low + first * step, low + (first + 1) * step
    return 0.0 if low == 0 else low / (1 - low)
