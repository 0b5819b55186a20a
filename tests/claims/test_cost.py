import doctest
import math

import numpy
import pytest
from scipy.stats import bootstrap

from dspysota.claims import cost
from dspysota.claims.cost import ratio_of_sums
from dspysota.claims.ratio import SeedNoise
from dspysota.claims.score import Noise
from dspysota.errors import RunError


def costs(n, seed, spread=0.4):
    """Dollars of a run and a reference whose true ratio is 0.05, hard questions dear for both."""
    draw = numpy.random.default_rng(seed)
    shared, own, other = draw.normal(size=(3, n))
    x, y = (numpy.exp(spread * (0.7 * shared + 0.7 * part) - 0.49 * spread**2) for part in (own, other))
    return 0.0005 * x, 0.01 * y


def test_docstring_examples_are_true():
    """Every example in the module's docstrings gives what it says."""
    failed, tried = doctest.testmod(cost)
    assert (failed, tried > 0) == (0, True)


def test_many_tame_costs_have_the_bounds_that_scipys_bootstrap_gives():
    """With 400 examples and short tails the studentized bounds and scipy's BCa agree within 0.3% of the ratio."""
    x, y = costs(400, seed=1)
    found = ratio_of_sums(x, y)
    other = bootstrap(
        (x, y),
        lambda a, b, axis: a.sum(axis) / b.sum(axis),
        paired=True,
        n_resamples=9_999,
        confidence_level=0.9,
        rng=numpy.random.default_rng(0),
        vectorized=True,
    ).confidence_interval
    assert found.ratio == pytest.approx(x.sum() / y.sum())
    assert found.interval(0.05, 0.05) == pytest.approx((other.low, other.high), rel=3e-3)


def test_the_interval_ends_where_the_test_begins_to_reject():
    """At the ends the p-value is the error rate asked for, each end with its own."""
    found = ratio_of_sums(*costs(80, seed=2))
    low, high = found.interval(0.01, 0.05)
    assert found.above(low) == pytest.approx(0.01, abs=1e-3)
    assert found.below(high) == pytest.approx(0.05, abs=1e-3)


def test_the_same_costs_and_seed_give_the_same_bounds():
    """Resampling is seeded: a verdict does not change when it is asked for again."""
    assert ratio_of_sums(*costs(50, 3)).interval() == ratio_of_sums(*costs(50, 3)).interval()
    assert ratio_of_sums(*costs(50, 3), seed=1).interval() != ratio_of_sums(*costs(50, 3)).interval()


@pytest.mark.parametrize("spread", [0.3, 1.0])
def test_neither_side_errs_too_often_on_skewed_costs(spread):
    """30 questions with log-normal costs at a true ratio of 0.05; 600 draws, so 7.7% are three standard errors above
    5%.

    Student's t on the ratio errs in up to 11% of the more skewed of these, BCa in up to 10%.
    """
    found = [ratio_of_sums(*costs(30, seed, spread), resamples=299) for seed in range(600)]
    assert numpy.mean([one.below(0.05) <= 0.05 for one in found]) < 0.077
    assert numpy.mean([one.above(0.05) <= 0.05 for one in found]) < 0.077


@pytest.mark.parametrize(
    "mine, theirs",
    [([0.1] * 9 + [50.0], [2.0] * 10), ([0.1] * 10, [3.0] * 9 + [500.0])],
    ids=["in the run", "in the reference"],
)
def test_one_outlier_settles_nothing(mine, theirs):
    """A single question that outweighs all others decides neither way, whichever side it is on."""
    found = ratio_of_sums(mine, theirs)
    assert found.below(0.05) > 0.05
    assert found.above(0.05) > 0.05


def test_a_fixed_price_a_question_is_decided_by_few_but_not_by_two():
    """Costs that are all alike have no spread; n of them still leave a chance of 2^-n, so that two decide nothing."""
    assert ratio_of_sums([0.04] * 2, [1.0] * 2).below(0.05) == 0.25
    assert ratio_of_sums([0.04] * 6, [1.0] * 6).below(0.05) == pytest.approx(2**-6)
    assert ratio_of_sums([0.04] * 6, [1.0] * 6).interval(0.05, 0.05) == pytest.approx((0.04, 0.04))


def test_a_reference_that_costs_nothing_leaves_the_ratio_open():
    """Nothing is a fraction of nothing: no bound, p-values of 1."""
    found = ratio_of_sums([0.1] * 10, [0.0] * 10)
    assert (found.ratio, found.interval(), found.below(0.05), found.above(0.05)) == (math.inf, (0.0, math.inf), 1, 1)


def test_a_run_that_costs_nothing_is_below_any_ratio():
    """Ten free answers against ten dear ones."""
    found = ratio_of_sums([0.0] * 10, [1.0] * 10)
    assert found.ratio == 0
    assert found.below(0.05) < 0.05
    assert found.above(0.05) == 1


@pytest.mark.parametrize("n", [1, 2, 3])
def test_very_few_questions_have_an_interval_that_holds_the_ratio(n):
    """One question has no bound at all; two and three are ordered and hold their ratio."""
    x, y = costs(n, seed=4)
    low, high = ratio_of_sums(x, y).interval()
    assert 0 <= low <= x.sum() / y.sum() <= high
    if n == 1:
        assert (low, high) == (0.0, math.inf)


def test_seeds_that_differ_in_cost_widen_the_bounds():
    """Variance between seeds adds to that between questions."""
    x, y = costs(60, seed=5)
    noise = SeedNoise(scores=Noise((0.05 * float(y.mean()) / 10) ** 2, 2.0))
    low, high = ratio_of_sums(x, y).interval(0.05, 0.05)
    wider = ratio_of_sums(x, y, noise=noise).interval(0.05, 0.05)
    assert wider.low < low
    assert wider.high > high


@pytest.mark.parametrize(
    "mine, theirs, message",
    [
        ([], [], "at least one pair"),
        ([1.0], [1.0, 2.0], "1 and 2"),
        ([-1.0], [1.0], "-1.0 is no cost"),
        ([1.0], [float("nan")], "nan is no cost"),
        ([float("inf")], [1.0], "inf is no cost"),
    ],
)
def test_what_is_no_cost_is_refused(mine, theirs, message):
    """One sentence, naming the value."""
    with pytest.raises(RunError, match=message):
        ratio_of_sums(mine, theirs)
