import doctest

import numpy
import pytest

from dspysota.claims import planning
from dspysota.claims.planning import amounts_needed, examples_needed, expected, tellable
from dspysota.claims.score import right_or_wrong, tails
from dspysota.errors import ConfigError
from tests.claims.drawing import right_and_wrong


def power(n, reference_score, true, agreement, seed=0, draws=20_000):
    """Share of draws in which `n` examples show that a true ratio is above 0.9, and below it."""
    shares = expected(reference_score, true * reference_score, agreement).counts
    counts = numpy.random.default_rng(seed).multinomial(n, shares, size=draws).astype(float)
    found = tails(right_or_wrong(counts.T[:3], n, 0.9), n)
    return (found.above <= 0.05).mean(), (found.below <= 0.05).mean()


def test_docstring_examples_are_true():
    """Every example in the module's docstrings gives what it says."""
    failed, tried = doctest.testmod(planning)
    assert (failed, tried > 0) == (0, True)


@pytest.mark.parametrize(
    "reference_score, true, agreement, n",
    [
        (0.55, 0.95, 0.3, 2641),
        (0.55, 0.95, 0.6, 1603),
        (0.55, 1.0, 0.3, 643),
        (0.55, 1.0, 0.6, 370),
        (0.80, 0.92, 0.3, 5903),
        (0.80, 0.92, 0.6, 3984),
        (0.80, 0.95, 0.3, 889),
        (0.80, 0.95, 0.6, 572),
        (0.80, 1.0, 0.3, 197),
    ],
)
def test_sample_sizes_computed_elsewhere_give_the_power_they_promise(reference_score, true, agreement, n):
    """(z_α + z_β)² σ² / δ² examples for 80% power know nothing of this test, which reaches 77% to 82% with them."""
    assert 0.77 < power(n, reference_score, true, agreement)[0] < 0.82


@pytest.mark.parametrize("only, there", [(10, 14), (2, 20), (8, 30)])
def test_the_examples_asked_for_would_probably_settle_it(only, there):
    """At the observed rates, so many examples decide in about 80% of draws, as the observed ratio says."""
    mine, theirs = right_and_wrong(60, only, there, 20)
    needed = examples_needed(mine, theirs, 0.9)
    assert needed is not None
    shares = numpy.array([60, only, there, 20]) / (80 + only + there)
    counts = numpy.random.default_rng(1).multinomial(needed, shares, size=10_000).astype(float)
    found = tails(right_or_wrong(counts.T[:3], needed, 0.9), needed)
    shown = found.above if sum(mine) > 0.9 * sum(theirs) else found.below
    assert 0.75 < (shown <= 0.05).mean() < 0.86


def test_a_ratio_at_the_margin_is_not_settled_by_more_examples():
    """An observed ratio of exactly 0.9, or next to it, asks for no number of examples."""
    for counts, ratio in (((90, 0, 10, 0), 0.9), ((890, 10, 100, 0), 0.9091)):
        mine, theirs = right_and_wrong(*counts)
        assert examples_needed(mine, theirs, ratio) is None
    assert examples_needed([0.0] * 5, [0.0] * 5, 0.9) is None


def test_at_least_one_more_example_is_asked_for():
    """Whoever asks has not decided yet, however clear the observed rates are."""
    assert examples_needed([1.0] * 20, [1.0] * 20, 0.9) in range(21, 40)


def test_costs_ask_for_examples_by_their_spread():
    """(1.645 + 0.842)² σ² / δ² of cost - t reference cost; none at the margin."""
    mine, theirs = [0.02, 0.06] * 10, [1.0] * 20
    assert amounts_needed(mine, theirs, 0.05) == pytest.approx((2.4865 * 0.02 / 0.01) ** 2, abs=1)
    assert amounts_needed(mine, theirs, 0.04) is None
    assert amounts_needed([0.04] * 20, theirs, 0.05) == 21


@pytest.mark.parametrize("reference_score", [0.55, 0.8])
def test_ratios_told_in_advance_are_told_in_four_of_five_cases(reference_score):
    """Simulated at the very ratios that a dry run promises for 1,319 examples."""
    found = tellable(1319, reference_score, 0.9)
    assert 0.78 < power(1319, reference_score, found.passed, 0.3)[0] < 0.82
    assert 0.78 < power(1319, reference_score, found.fail, 0.3)[1] < 0.82


def test_more_examples_tell_finer_ratios():
    """The range closes on the claim's ratio from both sides."""
    ends = [end or 0.0 for n in (100, 300, 1319) for end in tellable(n, 0.8, 0.9)]
    fails, passes = ends[::2], ends[1::2]
    assert [*fails, 0.9, *reversed(passes)] == sorted([*fails, 0.9, *passes])


def test_what_cannot_be_told_is_said():
    """Five examples tell nothing; a reference that is always right cannot be told to be beaten by much."""
    assert tellable(5, 0.5, 0.9) == (None, None)
    assert tellable(20, 1.0, 0.9).passed is None


@pytest.mark.parametrize("values", [(0, 0.8, 0.9), (10, 0.0, 0.9), (10, 1.2, 0.9), (10, 0.8, 0.0)])
def test_a_question_without_answer_is_refused(values):
    """No examples, no score or no ratio: one sentence."""
    with pytest.raises(ConfigError, match="No range of ratios"):
        tellable(*values)
