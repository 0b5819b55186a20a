"""What second answers say: rates over pairs that both brought an answer, and warnings that say why."""

import pytest

from dspysota.records import Failure
from dspysota.report.flakiness import flakiness, lines
from dspysota.report.meta import ReportMeta
from tests.factories import make_case, make_run


def twice(*second, **fields):
    """Ten right answers, and these second ones: a score, or a failure."""
    again = [
        make_case(f"q{i}", 0.0, failure=one) if isinstance(one, Failure) else make_case(f"q{i}", one)
        for i, one in enumerate(second)
    ]
    return make_run([1.0] * 10, **fields).model_copy(update={"again": tuple(again)})


def test_rates_are_over_pairs_of_answers():
    """An error is no change of mind: such a pair is left out, and counted."""
    found = flakiness(twice(1.0, 0.0, 1.0, 1.0, Failure.TIMEOUT))

    assert found is not None
    assert (4, 1, 1, 1) == (found.pairs, found.errors, found.scores, found.predictions)
    assert 0.25 == found.score_rate
    assert tuple(found.score_interval) == pytest.approx((0.046, 0.699), abs=0.001)


@pytest.mark.parametrize("again", [(), (Failure.TIMEOUT,)])
def test_without_a_pair_nothing_is_said(again):
    """A rate of nothing would be no number."""
    assert flakiness(twice(*again)) is None


def test_a_greedy_answer_that_changed_is_a_warning_and_a_sampled_one_is_none():
    """Only where the temperature is 0 the same answer was to be expected."""
    greedy = flakiness(twice(0.0, 1.0))
    sampled = flakiness(twice(0.0, 1.0, sampling={"temperature": 0.7, "max_tokens": 320}))

    assert greedy is not None
    assert sampled is not None
    assert ["the same greedy request" in warning for warning in greedy.warnings] == [True]
    assert () == sampled.warnings


@pytest.mark.parametrize("margin, warned", [(0.04, True), (0.5, False), (None, False)])
def test_scores_that_change_more_often_than_the_margin_are_a_warning(margin, warned):
    """A claim that turns on 0.04 is not decided by scores of which half change by themselves."""
    found = flakiness(twice(0.0, 1.0), margin)

    assert found is not None
    assert warned == any("that the claim turns on" in warning for warning in found.warnings)


def test_the_terminal_has_a_line_a_run_and_its_warnings():
    """Nothing for runs that asked nothing twice."""
    run = twice(0.0, 1.0)
    meta = ReportMeta(command="", margins={run.info.key: 0.04})

    assert 3 == len(lines([run, make_run()], meta))
    assert [] == lines([make_run()], meta)
