import doctest
import random
import subprocess
import sys

import pytest
from scipy.stats import multinomial

from dspysota import stats
from dspysota.errors import RunError
from dspysota.stats import mean_interval, paired_difference, percentile, student, wilson

DRAWS = {
    "0/1": lambda draw: float(draw.random() < 0.3),
    "fractional": lambda draw: draw.random(),
    "one odd among equals": lambda draw: 0.5 if draw.random() < 0.1 else 0.0,
    "tiny": lambda draw: draw.random() * 1e-300,
    "all": lambda draw: 1.0,
}


def test_docstring_examples_are_true():
    """Every example in the module's docstrings gives what it says."""
    failed, tried = doctest.testmod(stats)
    assert tried > 0
    assert failed == 0


def test_wilson_agrees_with_published_values():
    """Newcombe (1998, Statistics in Medicine 17:857-872, table I): 81/263, 15/148, 0/20 and 1/29."""
    for successes, n, low, high in [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ]:
        found = wilson(successes, n)
        assert (round(found.low, 4), round(found.high, 4)) == (low, high)


def test_wilson_holds_the_share_and_stays_in_the_unit_interval():
    """0 <= low <= share <= high <= 1, and never a point."""
    for n in (*range(1, 40), 1319, 7405):
        for successes in {0, 1, n // 3, n - 1, n}:
            low, high = wilson(successes, n)
            assert 0 <= low <= successes / n <= high <= 1
            assert low < high


@pytest.mark.parametrize("kind", list(DRAWS))
@pytest.mark.parametrize("n", [1, 2, 9, 10, 11, 40])
def test_any_scores_have_an_interval_inside_their_range(kind, n):
    """Whatever the scores, one of them or all alike, intervals are ordered, finite and inside 0..1 (-1..1)."""
    draw = random.Random(n)
    a, b = ([DRAWS[kind](draw) for _ in range(n)] for _ in "ab")
    low, high = mean_interval(a)
    assert 0 <= low <= high <= 1
    low, high = paired_difference(a, b)
    assert -1 <= low <= high <= 1


def test_one_score_says_next_to_nothing():
    """With n = 1 the interval is wide, for 0/1 and for fractional scores."""
    for score in (0.0, 0.5, 1.0):
        low, high = mean_interval([score])
        assert low <= score <= high
        assert high - low > 0.7


def test_equal_fractional_scores_do_not_make_us_certain():
    """Twenty scores of 0.5 leave room for doubt; a bootstrap would give an interval of width zero."""
    low, high = mean_interval([0.5] * 20)
    assert low < 0.4
    assert high > 0.6


def test_the_same_seed_draws_the_same_interval():
    """A report rebuilt from the same records says the same."""
    draw = random.Random(1)
    scores = [draw.random() for _ in range(50)]
    assert mean_interval(scores, seed=3) == mean_interval(scores, seed=3)
    assert mean_interval(scores, seed=3) != mean_interval(scores, seed=4)


def test_intervals_cover_the_truth_about_as_often_as_they_say():
    """Of 50 samples of 60 scores with mean 0.3, most bootstrap intervals hold 0.3 (42 at the very least)."""
    draw = random.Random(7)
    hits = 0
    for _ in range(50):
        low, high = mean_interval([draw.choice([0.0, 0.0, 0.1, 0.4, 1.0]) for _ in range(60)])
        hits += low <= 0.3 <= high
    assert 42 <= hits <= 50


def test_many_scores_take_the_quick_road_to_the_same_place():
    """Above 2,000 scores Student's t replaces the bootstrap; at 2,000 both agree to the third decimal."""
    draw = random.Random(5)
    scores = [draw.random() for _ in range(2000)]
    boot, t = mean_interval(scores), student(scores)
    assert mean_interval([*scores, 0.5]) == student([*scores, 0.5])
    assert boot.low == pytest.approx(t.low, abs=1e-3)
    assert boot.high == pytest.approx(t.high, abs=1e-3)


def test_a_few_partial_differences_to_one_side_do_not_make_us_too_sure():
    """Two of forty answers differ, mostly for the better, by a half on average; one interval in twenty may miss it."""
    chance, draws, missed = random.Random(3), 0, 0
    truth = 0.05 * (0.8 - 0.2) * 0.5
    while draws < 200:
        signs = [chance.choices((1, -1, 0), (0.04, 0.01, 0.95))[0] for _ in range(40)]
        if not any(signs):
            continue
        ours = [0.0 if sign < 1 else chance.random() for sign in signs]
        theirs = [0.0 if sign > -1 else chance.random() for sign in signs]
        low, high = paired_difference(ours, theirs, seed=draws)
        draws, missed = draws + 1, missed + (not low <= truth <= high)

    assert missed / draws <= 0.05


def test_a_few_partial_scores_do_not_make_us_surer_than_none():
    """One half-right answer among forty wrong ones says no more than forty wrong ones."""
    none = mean_interval([0.0] * 40)
    for little in (0.1, 0.5):
        assert mean_interval([0.0] * 39 + [little]).high > none.high


def test_three_answers_in_forty_prove_no_difference():
    """McNemar's exact test gives p = 0.25 for three against none."""
    low, high = paired_difference([1.0] * 40, [1.0] * 37 + [0.0] * 3)

    assert low < 0 < high


@pytest.mark.parametrize("n", [20, 40, 100])
@pytest.mark.parametrize("differing", [0.05, 0.1, 0.2, 0.4])
@pytest.mark.parametrize("better", [0.5, 0.8, 1.0])
def test_right_and_wrong_answers_are_wrongly_told_apart_in_one_of_twenty(n, differing, better):
    """Computed, not drawn: over all outcomes the true difference lies outside in at most 5.3% of them."""
    truth, outside = differing * (2 * better - 1), 0.0
    for gained in range(n + 1):
        for lost in range(n + 1 - gained):
            chance = multinomial.pmf(
                [gained, lost, n - gained - lost], n, [differing * better, differing * (1 - better), 1 - differing]
            )
            if chance > 1e-7:
                ours, theirs = [1.0] * gained + [0.0] * (n - gained), [0.0] * gained + [1.0] * lost
                low, high = paired_difference(ours, theirs + [0.0] * (n - gained - lost))
                outside += chance * (not low - 1e-9 <= truth <= high + 1e-9)

    assert outside < 0.053


@pytest.mark.parametrize("n, share", [(40, 0.1), (40, 0.3), (200, 0.02)])
def test_partial_differences_are_wrongly_told_apart_no_more_often(n, share):
    """Also where few answers differ, and by less than a whole one: at most 8% of 150 draws, of which chance is 3%."""
    chance = random.Random(7)
    wrong = 0
    for draw in range(150):
        ours = [chance.random() if chance.random() < share else 0.5 for _ in range(n)]
        theirs = [chance.random() if chance.random() < share else 0.5 for _ in range(n)]
        low, high = paired_difference(ours, theirs, seed=draw)
        wrong += not low <= 0 <= high

    assert wrong / 150 < 0.08


def test_pairing_removes_what_both_find_hard():
    """Two runs that differ on few of their examples have a narrower difference than unpaired ones would."""
    a = [1.0] * 50 + [0.0] * 50
    b = [1.0] * 45 + [0.0] * 55
    low, high = paired_difference(a, b)
    assert 0 < low < 0.05 < high < 0.12


def test_two_equal_runs_may_still_differ_a_little():
    """No pair of 100 differs: the mean difference is within Wilson's bound on the share of pairs that do."""
    low, high = paired_difference([1.0, 0.0] * 50, [1.0, 0.0] * 50)
    assert (low, high) == (-wilson(0, 100).high, wilson(0, 100).high)
    assert high < 0.04


def test_percentiles_are_those_of_numpy():
    """Definition 7 of Hyndman and Fan is numpy's default."""
    import numpy

    draw = random.Random(11)
    for n in (1, 2, 3, 17, 100):
        values = [draw.gauss(0, 100) for _ in range(n)]
        for q in (0, 5, 33.3, 50, 95, 100):
            assert percentile(values, q) == pytest.approx(float(numpy.percentile(values, q)))


REFUSED = {
    "wilson 0": lambda: wilson(0, 0),
    "wilson 1": lambda: wilson(3, 2),
    "wilson 2": lambda: wilson(-1, 2),
    "wilson 3": lambda: wilson(1, 2, confidence=95),
    "mean_interval 4": lambda: mean_interval([]),
    "mean_interval 5": lambda: mean_interval([1.5]),
    "mean_interval 6": lambda: mean_interval([float("nan")]),
    "percentile 7": lambda: percentile([], 50),
    "percentile 8": lambda: percentile([1.0], 101),
    "student 9": lambda: student([1.0]),
    "paired_difference 10": lambda: paired_difference([], []),
    "paired_difference 11": lambda: paired_difference([1.0], [1.0, 0.0]),
}


@pytest.mark.parametrize("name", list(REFUSED))
def test_what_cannot_be_computed_is_refused(name):
    """No NaN ever leaves this module: empty or impossible input is a RunError with a sentence."""
    with pytest.raises(RunError, match=r"\w+ .*\."):
        REFUSED[name]()


def test_importing_stats_imports_no_scipy():
    """scipy is imported by the first bootstrap, not before."""
    code = "import sys, dspysota.stats, dspysota.thresholds; assert not {'scipy', 'numpy'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
