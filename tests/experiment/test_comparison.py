import pytest

from dspysota import RunError
from dspysota.experiment import compare
from tests.factories import make_run


def run(*scores):
    return make_run(scores)


def test_equal_runs_differ_by_nothing():
    """The same answers give difference 0, ratio 1 and intervals around them."""
    found = compare(run(1.0, 0.0, 1.0, 1.0), run(1.0, 0.0, 1.0, 1.0))

    assert (4, 0.75, 0.75, 1.0) == (found.n, found.score, found.reference_score, found.ratio)
    assert found.difference.low < 0 < found.difference.high


def test_the_ratio_has_a_seeded_interval():
    """Pairs are resampled together from a fixed seed, so the interval repeats and holds the ratio."""
    mine, theirs = run(*[0.5, 0.6, 0.4, 0.5] * 5), run(*[0.9, 1.0, 0.8, 0.9] * 5)
    found = compare(mine, theirs)

    assert found.ratio_interval == compare(mine, theirs).ratio_interval
    assert found.ratio_interval is not None
    assert found.ratio is not None
    assert found.ratio_interval.low < found.ratio < found.ratio_interval.high


def test_a_reference_without_success_has_no_ratio():
    """Nothing is divided by zero: there is then no ratio and no interval."""
    found = compare(run(1.0, 0.0), run(0.0, 0.0))

    assert (None, None) == (found.ratio, found.ratio_interval)
    assert ", ratio" not in str(found)


def test_runs_on_different_rows_are_refused():
    """Only answers to the same rows in the same order can be paired."""
    with pytest.raises(RunError, match="same rows"):
        compare(run(1.0, 0.0), run(1.0))


def test_the_description_never_says_pass():
    """A comparison describes; it decides no claim."""
    assert "PASS" not in str(compare(run(1.0, 1.0), run(0.5, 1.0)))
