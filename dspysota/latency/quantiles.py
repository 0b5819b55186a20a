"""Percentiles of seconds, and how sure they are."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from dspysota.errors import RunError
from dspysota.stats import Interval, percentile

PERCENTILES = (50, 90, 95, 99)
"""Those that reports show."""


@dataclass(frozen=True)
class Quantile:
    """The `q`-th percentile of `n` durations, in seconds, by linear interpolation between order statistics."""

    q: float
    seconds: float
    n: int
    interval: Interval | None
    """95%, by order statistics; None where so few durations bound it on one side only."""

    @property
    def few(self) -> bool:
        """Whether it rests on the slowest duration alone: `Spread.few`."""
        return self.n < needed(self.q)


@dataclass(frozen=True)
class Spread:
    """Durations, in seconds, sorted; at least one. `of` is how many there would be, had the server told them all."""

    values: tuple[float, ...]
    of: int

    @classmethod
    def over(cls, values: Sequence[float | None]) -> Spread | None:
        """The spread of those that are known; None where none is."""
        known = sorted(value for value in values if value is not None)
        return cls(tuple(known), len(values)) if known else None

    @property
    def n(self) -> int:
        """How many are known."""
        return len(self.values)

    def at(self, q: float) -> float:
        """The `q`-th percentile, `q` in 0..100; `stats.percentile` says which definition. Raises RunError outside."""
        return percentile(self.values, q)

    def few(self, q: float) -> bool:
        """Whether less than one is to be expected beyond the `q`-th percentile, which then rests on the slowest.

        That is below 10 durations for p90, 20 for p95 and 100 for p99.
        """
        return self.n < needed(q)

    @cached_property
    def quantiles(self) -> tuple[Quantile, ...]:
        """p50, p90, p95 and p99, each with its interval."""
        return tuple(Quantile(q, self.at(q), self.n, order_interval(self.values, q)) for q in PERCENTILES)


def needed(q: float) -> int:
    """The fewest durations of which at least one is to be expected beyond the `q`-th percentile, `q` below 100.

    >>> [needed(q) for q in (50, 90, 95, 99)]
    [2, 10, 20, 100]
    """
    return math.ceil(100 / (100 - q) - 1e-9)


def order_interval(values: Sequence[float], q: float, confidence: float = 0.95) -> Interval | None:
    """Interval of the `q`-th percentile, `q` in 0..100, whatever the distribution; None where so few values allow none.

    The number of values below the true percentile is binomial (n, q/100), so the l-th and the u-th smallest value
    enclose it with probability P(l <= B < u), which is at least `confidence`; l and u leave at most half of the rest on
    either side. For 95% it takes 6 values at p50, 36 at p90, 72 at p95 and 368 at p99. Values are taken to be
    independent, which questions asked at once on one server are only nearly.

    Source: W. J. Conover (1999), "Practical nonparametric statistics", 3rd edition, section 3.2; H. A. David & H. N.
    Nagaraja (2003), "Order statistics", 3rd edition, section 7.1. Raises RunError for a `q` or `confidence` outside.

    >>> order_interval(range(1, 101), 50)
    Interval(low=40, high=61)
    >>> order_interval(range(1, 36), 90) is None
    True
    """
    if not 0 < q < 100 or not 0 < confidence < 1:
        raise RunError(f"No interval of percentile {q!r} at confidence {confidence!r}; give 0 < q < 100 and 0.95.")
    from scipy.stats import binom  # lazily: scipy takes half a second

    ordered, n, tail = sorted(values), len(values), (1 - confidence) / 2
    if not ordered:
        return None
    low = int(binom.ppf(tail, n, q / 100))
    high = int(binom.ppf(1 - tail, n, q / 100)) + 1
    return Interval(ordered[low - 1], ordered[high - 1]) if low >= 1 and high <= n else None
