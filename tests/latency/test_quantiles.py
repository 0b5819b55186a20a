"""Percentiles, their intervals, and what too few durations carry."""

import random

import pytest
from scipy.stats import binom

from dspysota.errors import RunError
from dspysota.latency import Spread, order_interval
from dspysota.stats import percentile


def test_percentiles_interpolate_between_order_statistics():
    """The same definition as everywhere else in the reports."""
    spread = Spread.over([3.0, None, 1.0, 2.0, 4.0])
    assert spread is not None
    assert (4, 5) == (spread.n, spread.of)
    assert [percentile([1.0, 2.0, 3.0, 4.0], q) for q in (50, 90, 95, 99)] == [one.seconds for one in spread.quantiles]


def test_no_durations_are_no_spread():
    """What is unknown is never 0."""
    assert Spread.over([]) is None
    assert Spread.over([None, None]) is None


@pytest.mark.parametrize("n, few", [(9, [90, 95, 99]), (10, [95, 99]), (20, [99]), (99, [99]), (100, [])])
def test_a_percentile_of_too_few_rests_on_the_slowest(n, few):
    """Below 10, 20 and 100 durations less than one is to be expected beyond p90, p95 and p99; that is told."""
    spread = Spread.over([float(i) for i in range(n)])
    assert spread is not None
    assert few == [one.q for one in spread.quantiles if one.few]


@pytest.mark.parametrize("q, fewest", [(50, 6), (90, 36), (95, 72), (99, 368)])
def test_an_interval_takes_enough_durations(q, fewest):
    """With fewer, none of them is surely above the percentile, and there is no upper end to give."""
    assert order_interval(range(fewest - 1), q) is None
    assert order_interval(range(fewest), q) is not None


@pytest.mark.parametrize("q", [50, 90, 95, 99])
@pytest.mark.parametrize("n", [6, 40, 100, 500, 1319])
def test_an_interval_covers_at_its_confidence(n, q):
    """Exactly: the binomial probability of the two ranks is 95% or more, and no narrower tail would do."""
    found = order_interval(range(1, n + 1), q)
    if found is None:
        return
    low, high = int(found.low), int(found.high)
    below, above = binom.cdf(low - 1, n, q / 100), 1 - binom.cdf(high - 1, n, q / 100)
    assert below <= 0.025
    assert above <= 0.025
    assert binom.cdf(low, n, q / 100) > 0.025
    assert 1 - binom.cdf(high - 2, n, q / 100) > 0.025


def test_an_interval_covers_whatever_the_distribution():
    """Of 400 samples of 100 lognormal durations at least 93% of the intervals hold the true p90."""
    chance, true = random.Random(0), 3.6022244792791583  # exp(1.2815515655446004)
    found = [order_interval([chance.lognormvariate(0, 1) for _ in range(100)], 90) for _ in range(400)]
    assert all(found)
    assert sum(one.low <= true <= one.high for one in found if one) >= 0.93 * 400


@pytest.mark.parametrize("q, confidence", [(0, 0.95), (100, 0.95), (50, 1)])
def test_an_interval_that_cannot_be_is_refused(q, confidence):
    """Percentiles 0 and 100 have none, and no interval is certain."""
    with pytest.raises(RunError, match="percentile"):
        order_interval([1.0, 2.0], q, confidence)
