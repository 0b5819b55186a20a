import doctest
import math

import numpy
import pytest
from scipy.optimize import minimize

from dspysota.claims import ratio as ratio_module
from dspysota.claims.ratio import SeedNoise, paired_ratio_interval, paired_ratio_test
from dspysota.claims.score import bounded, right_or_wrong, tails
from dspysota.claims.seeds import example_means, seed_noise
from dspysota.errors import RunError
from tests.claims.drawing import boundary, chances, right_and_wrong, tables

LEVELS = numpy.array([0.0, 0.25, 0.4, 0.5, 2 / 3, 0.8, 1.0])
"""Fractional scores as F1 gives them."""


def test_docstring_examples_are_true():
    """Every example in the module's docstrings gives what it says."""
    failed, tried = doctest.testmod(ratio_module)
    assert (failed, tried > 0) == (0, True)


@pytest.mark.parametrize("counts", [(40, 10, 20, 30), (5, 0, 3, 12), (70, 2, 8, 20), (0, 4, 9, 1), (30, 10, 0, 60)])
@pytest.mark.parametrize("ratio", [0.5, 0.9, 1.25])
def test_the_closed_form_is_the_constrained_maximum_of_the_likelihood(counts, ratio):
    """Variance under the boundary is that at the maximum of the multinomial likelihood, found here by search.

    With p01 chosen, p1 = t p0 leaves p10 and the split of the rest; the split between both right and both wrong is
    searched within.
    """
    n = sum(counts)
    both, only, there, neither = counts

    def minus_likelihood(point):
        p11, p01 = point
        p10 = ratio * (p11 + p01) - p11
        shares = (p11, p10, p01, 1 - p11 - p10 - p01)
        if min(shares) < 0:
            return 1e9
        return -sum(
            k * math.log(max(p, 1e-300)) for k, p in zip((both, only, there, neither), shares, strict=True) if k
        )

    starts = [(a, b) for a in (0.02, 0.3, 0.6) for b in (0.01, 0.1, 0.3)]
    options = {"xatol": 1e-10, "fatol": 1e-13, "maxiter": 4000, "maxfev": 4000}
    best = min(
        (minimize(minus_likelihood, start, method="Nelder-Mead", options=options) for start in starts),
        key=lambda r: r.fun,
    )
    p11, p01 = best.x
    variance = ratio * (ratio * (p11 + p01) - p11 + p01)

    mine, theirs = right_and_wrong(*counts)
    found = paired_ratio_test(mine, theirs, ratio)

    mean = (both + only - ratio * (both + there)) / n
    assert found.statistic == pytest.approx(math.sqrt(n) * mean / math.sqrt(variance), rel=2e-3)


@pytest.mark.parametrize("only, there", [(3, 9), (12, 5), (1, 8)])
def test_against_a_ratio_of_one_the_statistic_is_mcnemars(only, there):
    """At ratio 1 it is (b - c) / sqrt(b + c), Q. McNemar (1947), Psychometrika 12:153-157."""
    mine, theirs = right_and_wrong(50, only, there, 20)
    found = paired_ratio_test(mine, theirs, 1.0)

    assert found.statistic == pytest.approx((only - there) / math.sqrt(only + there))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("ratio", [0.9, 1.2])
def test_fractional_scores_have_the_likeliest_distribution_on_their_range(seed, ratio):
    """The variance is that of the weights which maximise the likelihood with mean zero, found here by a general solver.

    An end of the range that no example reached may take weight, too.
    """
    draw = numpy.random.default_rng(seed)
    mine, theirs = draw.choice(LEVELS, 12), draw.choice(LEVELS, 12)
    values = numpy.append(mine - ratio * theirs, [-ratio, 1.0])
    start = numpy.full(14, 1 / 14)
    found = minimize(
        lambda w: -numpy.log(w[:12]).sum(),
        start,
        bounds=[(1e-9, 1)] * 12 + [(0, 1)] * 2,
        constraints=[{"type": "eq", "fun": lambda w: w.sum() - 1}, {"type": "eq", "fun": lambda w: w @ values}],
        options={"maxiter": 500, "ftol": 1e-12},
    )
    variance = float(found.x @ values**2)

    statistic = paired_ratio_test(list(mine), list(theirs), ratio).statistic

    assert statistic == pytest.approx(math.sqrt(12) * values[:12].mean() / math.sqrt(variance), rel=1e-3)


def test_right_and_wrong_answers_are_a_case_of_fractional_scores():
    """Both ways to the moments agree on any table, also where a kind of pair does not occur."""
    draw = numpy.random.default_rng(1)
    counts = draw.multinomial(40, [0.4, 0.1, 0.2, 0.3], size=60).astype(float)
    counts[:4] = [[40, 0, 0, 0], [0, 5, 0, 35], [0, 0, 5, 35], [30, 10, 0, 0]]
    for ratio in (0.5, 0.9, 1.0, 1.3):
        closed = right_or_wrong(counts.T[:3], 40, ratio)
        values = numpy.broadcast_to([1 - ratio, 1.0, -ratio, 0.0], (60, 4))
        general = bounded(values, counts / 40, numpy.full(60, -ratio), numpy.ones(60))
        for one, other in zip(closed, general, strict=True):
            numpy.testing.assert_allclose(one, other, atol=1e-9)


@pytest.mark.parametrize("ratio", [0.9, 0.95])
@pytest.mark.parametrize("n", [20, 50])
def test_neither_side_errs_in_more_than_five_percent_of_few_examples(n, ratio):
    """Every table of right and wrong answers, weighed by its probability: an error rate without simulation."""
    counts = tables(n)
    found = tails(right_or_wrong(counts.T[:3], n, ratio), n)
    for reference_score in (0.2, 0.55, 0.8, 0.93):
        for agreement in (0.0, 0.3, 0.6, 0.95):
            weight = chances(counts, boundary(reference_score, ratio, agreement))
            assert weight[found.above <= 0.05].sum() <= 0.0505
            assert weight[found.below <= 0.05].sum() <= 0.0505


@pytest.mark.parametrize("reference_score, agreement", [(0.2, 0.3), (0.55, 0.95), (0.93, 0.3), (0.93, 1.0)])
def test_neither_side_errs_too_often_on_fractional_scores(reference_score, agreement):
    """50 fractional scores at a true ratio of 0.9; 4,000 draws, so 5.9% are within three standard errors of 5%.

    Student's t on the same differences says PASS wrongly in up to 13% of these.
    """
    middle = numpy.array([0, 0.1, 0.2, 0.3, 0.2, 0.1, 0])
    theirs = 0.1 * middle / middle.sum()
    theirs[-1] += reference_score - theirs @ LEVELS
    theirs[0] += 1 - theirs.sum()
    mine = 0.9 * theirs
    mine[0] += 0.1
    kept = numpy.diag(0.9 * theirs)
    kept[0] += 0.1 * theirs
    shares = (agreement * kept + (1 - agreement) * numpy.outer(mine, theirs)).ravel()
    values = (LEVELS[:, None] - 0.9 * LEVELS[None, :]).ravel()
    weights = numpy.random.default_rng(5).multinomial(50, shares / shares.sum(), size=4_000) / 50

    found = tails(bounded(values, weights, numpy.full(4_000, -0.9), numpy.ones(4_000)), 50)

    assert (found.above <= 0.05).mean() < 0.059
    assert (found.below <= 0.05).mean() < 0.059


def test_the_two_sides_mirror_each_other():
    """Run over reference above t is reference over run below 1/t, to the last digit that counts."""
    draw = numpy.random.default_rng(2)
    mine, theirs = list(draw.choice(LEVELS, 40)), list(draw.choice(LEVELS, 40))
    one, other = paired_ratio_test(mine, theirs, 0.8), paired_ratio_test(theirs, mine, 1 / 0.8)
    assert one.above == pytest.approx(other.below, rel=1e-6)
    low, high = paired_ratio_interval(mine, theirs)
    assert paired_ratio_interval(theirs, mine) == pytest.approx((1 / high, 1 / low), rel=1e-5)


@pytest.mark.parametrize("kind", ["right and wrong", "fractional"])
def test_the_interval_ends_where_the_test_begins_to_reject(kind):
    """At the ends the p-value is the error rate asked for, each end with its own."""
    draw = numpy.random.default_rng(3)
    if kind == "fractional":
        mine, theirs = list(draw.choice(LEVELS, 60)), list(draw.choice(LEVELS, 60))
    else:
        mine, theirs = right_and_wrong(60, 14, 25, 21)
    low, high = paired_ratio_interval(mine, theirs, 0.05, 0.01)
    assert paired_ratio_test(mine, theirs, low).above == pytest.approx(0.05, rel=1e-3)
    assert paired_ratio_test(mine, theirs, high).below == pytest.approx(0.01, rel=1e-3)
    assert low < numpy.mean(mine) / numpy.mean(theirs) < high


def test_few_differing_answers_bound_the_ratio_on_both_sides():
    """Of a ratio far below the observed one the test is unsure again, since hardly any answer speaks of it."""
    mine, theirs = [1] * 14 + [0] * 26, [1] * 13 + [0] + [1] * 9 + [0] * 17

    low, high = paired_ratio_interval(mine, theirs)

    assert paired_ratio_test(mine, theirs, 0.01).above > 0.025
    assert low == pytest.approx(0.41, abs=0.01)
    assert high == pytest.approx(0.91, abs=0.01)
    for end, side in ((low, "above"), (high, "below")):
        assert getattr(paired_ratio_test(mine, theirs, end), side) == pytest.approx(0.025, abs=1e-4)


def test_where_nothing_was_ever_right_nothing_is_decided():
    """0 of 20 against 0 of 20 is no ratio: p-values of 1 and an interval without bounds."""
    assert paired_ratio_test([0] * 20, [0] * 20, 0.9) == (0.0, 1.0, 1.0)
    assert paired_ratio_interval([0] * 20, [0] * 20) == (0.0, math.inf)


def test_scores_that_are_all_alike_decide_only_when_they_are_many():
    """All right against all right: at a ratio of 0.9 by chance in 0.9^n, so 5 decide nothing and 40 (1.5%) do.

    Student's t would be infinitely sure of either.
    """
    assert paired_ratio_test([1] * 5, [1] * 5, 0.9).above > 0.1
    assert 0.9**40 < paired_ratio_test([1] * 40, [1] * 40, 0.9).above < 0.05
    assert paired_ratio_test([0.5] * 5, [0.5] * 5, 0.9).above > 0.1


@pytest.mark.parametrize("mine, theirs", [(0, 1), (1, 0), (1, 1), (0, 0), (0.5, 0.0), (0.0, 0.5)])
@pytest.mark.parametrize("n", [1, 2, 9])
def test_any_scores_have_an_interval_around_their_ratio(mine, theirs, n):
    """However few or degenerate: ordered, at least 0, holding the ratio, and no warning."""
    low, high = paired_ratio_interval([mine] * n, [theirs] * n)
    assert 0 <= low <= (mine / theirs if theirs else math.inf)
    assert high >= (mine / theirs if theirs else low)


def test_a_lone_example_decides_nothing():
    """One pair, whatever it is, has p-values above 5%."""
    for pair in ((1, 1), (1, 0), (0, 1)):
        test = paired_ratio_test([pair[0]], [pair[1]], 0.9)
        assert min(test.above, test.below) > 0.05


@pytest.mark.parametrize(
    "mine, theirs, ratio, message",
    [
        ([], [], 0.9, "at least one pair"),
        ([1], [1, 0], 0.9, "1 and 2"),
        ([1.5], [1], 0.9, "1.5 is outside"),
        ([float("nan")], [1], 0.9, "nan is outside"),
        ([1], [1], 0, "Ratio 0 cannot be claimed"),
        ([1], [1], float("inf"), "Ratio inf cannot be claimed"),
    ],
)
def test_what_is_no_pair_of_scores_is_refused(mine, theirs, ratio, message):
    """One sentence, naming the value."""
    with pytest.raises(RunError, match=message):
        paired_ratio_test(mine, theirs, ratio)


def test_seeds_that_differ_widen_the_interval():
    """The same mean scores from seeds that agree, and from seeds that do not."""
    reference = [1.0, 0.0] * 50
    agreeing = [[1.0, 0.0] * 50] * 3
    differing = [[1.0, 0.0] * 50, [1.0] * 70 + [0.0] * 30, [1.0] * 30 + [0.0] * 70]
    widths = []
    for table in (agreeing, differing):
        low, high = paired_ratio_interval(
            example_means(table), reference, 0.05, 0.05, SeedNoise(scores=seed_noise(table))
        )
        widths.append(high - low)
    assert widths[1] > 1.5 * widths[0]


@pytest.mark.parametrize("seeds", [2, 3, 5])
def test_the_spread_between_seeds_is_part_of_the_error_rate(seeds):
    """Programs whose true scores differ by seed, with standard deviation 0.03, hold 5% where examples alone would not.

    400 examples, true ratio 0.9 over all seeds, 2,000 draws: 6.5% are three standard errors above 5%.
    """
    draw = numpy.random.default_rng(seeds)
    shifts = draw.normal(0.0, 0.03, size=(2_000, seeds))
    theirs = draw.random((2_000, 400)) < 0.6
    right = (draw.random((2_000, seeds, 400)) < 0.54 + shifts[:, :, None]).astype(float)
    noise = seed_noise_of(right)
    levels = numpy.rint(right.mean(axis=1) * seeds).astype(int)
    kinds = [(level, there) for level in range(seeds + 1) for there in (False, True)]
    weights = numpy.column_stack([((levels == level) & (theirs == there)).mean(axis=1) for level, there in kinds])
    values = numpy.array([level / seeds - 0.9 * there for level, there in kinds])
    found = bounded(values, weights, numpy.full(2_000, -0.9), numpy.ones(2_000))

    with_seeds, without = tails(found, 400, [noise]), tails(found, 400)

    assert (with_seeds.above <= 0.05).mean() < 0.065
    assert (with_seeds.below <= 0.05).mean() < 0.065
    assert (without.above <= 0.05).mean() > 0.075


def seed_noise_of(tables_of_scores):
    """seed_noise for many tables at once, written out."""
    first = seed_noise(tables_of_scores[0])
    assert first is not None
    means = tables_of_scores.mean(axis=2)
    variance = means.var(axis=1, ddof=1) / means.shape[1]
    assert variance[0] == pytest.approx(first.variance)
    return first._replace(variance=variance)
