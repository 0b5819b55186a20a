"""How much of a change in tokens, dollars or seconds may be noise: 95% intervals of ratios, examples paired.

Tokens and dollars are sums: their ratio has the interval of a studentized paired bootstrap (`dspysota.claims.cost`).

Percentiles of seconds have the ratios that a paired permutation test does not reject. If nothing but a factor lies
between two runs, then after taking it out the two times of a question could as well have come in the other order; each
of 2^n orders is as likely, so the test is exact for any number of questions, any percentile and any distribution
(E. J. G. Pitman 1937, "Significance tests which may be applied to samples from any populations", J. Roy. Stat. Soc.
Suppl. 4:119-130; Monte Carlo version with the sample itself counted: B. Phipson & G. K. Smyth 2010, "Permutation
p-values should never be zero", Stat. Appl. Genet. Mol. Biol. 9:39). A bootstrap of the same ratio sees changes of p95
that are not there in 7% of comparisons of 10 questions, each way, where 2.5% are allowed (benchmarks/gate_latency.py).

What none of them sees is what whole runs have in common, such as a machine that is slower today: the rule's own margin
must bear that.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from dspysota.stats import Interval

ORDERS = 199
"""Orders drawn: with the one observed 200, of which 2.5% is a whole number. More would make the ends steadier,
and not more right: a test by drawn orders keeps its error rate however few they are."""

TAIL = 0.025
WIDEST = math.log(20)
"""How far from the ratio observed an end is looked for; further out the interval is given without one."""

HALVINGS = 10
"""Of the range in which an end lies: to within 3 in 1,000."""


def of_sums(values: Sequence[float], baseline: Sequence[float]) -> Interval | None:
    """95% interval of sum(values) / sum(baseline); None without an example, or where the baseline's sum is 0.

    >>> low, high = of_sums([110.0, 95.0, 120.0, 130.0] * 10, [100.0, 90.0, 110.0, 115.0] * 10)
    >>> 1.05 < low < 1.096 < high < 1.15
    True
    """
    if not values or sum(baseline) <= 0:
        return None
    if list(values) == list(baseline):
        return Interval(1.0, 1.0)
    from dspysota.claims.cost import ratio_of_sums  # late: numpy and scipy take a while

    return ratio_of_sums(values, baseline).interval(TAIL, TAIL)


def of_percentiles(values: Sequence[float], baseline: Sequence[float], q: float, seed: int = 0) -> Interval | None:
    """95% interval of the ratio of two `q`-th percentiles, where values[i] and baseline[i] are of the same example.

    Values are seconds. None without an example, or where one took no time at all.

    >>> seconds = [1.0, 1.1, 1.3, 1.2, 1.5, 0.9, 1.4, 1.0] * 5
    >>> low, high = of_percentiles([2 * each for each in seconds], seconds, 95)
    >>> 1 < low <= 2 <= high
    True
    """
    if not values or min(*values, *baseline) <= 0:
        return None
    import numpy

    now, then = numpy.log(numpy.asarray(values, dtype=float)), numpy.log(numpy.asarray(baseline, dtype=float))
    swapped = numpy.random.default_rng(seed).random((ORDERS, len(values))) < 0.5

    def p_value(shift: float, side: int) -> float:
        """Of "the ratio is above e^shift" for side 1, below it for side -1."""
        moved = now - shift
        drawn = _gap(numpy.where(swapped, then, moved), numpy.where(swapped, moved, then), q)
        as_far = side * drawn >= side * _gap(moved, then, q) - 1e-12
        return (1 + int(as_far.sum())) / (1 + ORDERS)

    middle = float(_gap(now, then, q))
    low = _end(lambda shift: p_value(shift, 1), middle, middle - WIDEST)
    high = _end(lambda shift: p_value(shift, -1), middle, middle + WIDEST)
    return Interval(0.0 if low is None else math.exp(low), math.inf if high is None else math.exp(high))


def _gap(now: Any, then: Any, q: float) -> Any:
    """Difference of the percentiles of logarithms, along the last axis; definition 7, as in `dspysota.stats`."""
    return _percentile(now, q) - _percentile(then, q)


def _percentile(values: Any, q: float) -> Any:
    """As numpy's, which takes ten times as long over many short rows."""
    import numpy

    place = (values.shape[-1] - 1) * q / 100
    below = math.floor(place)
    above = min(below + 1, values.shape[-1] - 1)
    ordered = numpy.partition(values, sorted({below, above}), axis=-1)
    return ordered[..., below] + (place - below) * (ordered[..., above] - ordered[..., below])


def _end(p_value: Callable[[float], float], inside: float, outside: float) -> float | None:
    """Where the p-value falls to the tail between a shift that is not rejected and one far out; None where it never
    does, since so few examples reject nothing."""
    if p_value(outside) > TAIL:
        return None
    for _ in range(HALVINGS):
        middle = (inside + outside) / 2
        inside, outside = (inside, middle) if p_value(middle) <= TAIL else (middle, outside)
    return inside
