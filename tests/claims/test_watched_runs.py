"""Judging runs that a claim watched while their questions were asked."""

import pytest

from dspysota import Claim, Outcome
from dspysota.claims import witnessed
from dspysota.records import Watch
from tests.factories import make_run

LARGE = "qwen2.5-coder-1.5b"
ROWS = 100


def watched(scores, *, outcome, asked=ROWS, reference=None, **claim):
    """A run that a claim watched, cut to the questions asked, and its reference."""
    reference = reference or make_run([1.0] * ROWS, model_name=LARGE)
    terms = {"quality": 0.9, "alpha": 0.05, "metric": "exact_match", "stop": "decided", "share": 0.2, **claim}
    watch = Watch(reference=reference.info.key, outcome=outcome, **terms)
    run = make_run(scores, watch=watch)
    return run.model_copy(update={"cases": run.cases[:asked]}), reference


def test_a_run_that_its_claim_ended_is_judged_by_the_test_that_ended_it():
    """The test is repeated from the scores: its decision stands, on the questions that it counted."""
    run, reference = watched([0.0] * ROWS, outcome="FAIL", asked=15)
    verdict = run.vs(reference) >= Claim(quality=0.9)
    [criterion] = verdict.criteria

    assert run.ended_early
    assert (Outcome.FAIL, 11) == (verdict.outcome, criterion.n)
    assert "The sequential test ended the run after 11 of 100 examples" in verdict.notes[0]


def test_a_run_that_was_watched_to_its_end_has_less_error_left_to_spend():
    """What early ends might have used is gone, so the same scores need a little more."""
    scores = [0.0] * 6 + [1.0] * 94
    run, reference = watched(scores, outcome=None)
    whole = make_run(scores)
    [left], [all_of_it] = ((one.vs(reference) >= Claim(quality=0.9)).criteria for one in (run, whole))

    assert left.p_pass == all_of_it.p_pass
    assert left.interval is not None
    assert all_of_it.interval is not None
    assert left.interval.low < all_of_it.interval.low


@pytest.mark.parametrize("other", [{"quality": 0.8}, {"quality": 0.9, "alpha": 0.1}, {"quality": 0.9, "cost": 0.5}])
def test_another_claim_on_a_run_that_ended_early_is_not_decided(other):
    """When the run ended depended on its scores: a test that does not know of it would err more often than stated."""
    run, reference = watched([0.0] * ROWS, outcome="FAIL", asked=15)
    verdict = run.vs(reference) >= Claim(**other)

    assert Outcome.DESCRIPTIVE is verdict.outcome
    assert not verdict
    assert [(0.0, None)] == [(one.ratio, one.interval) for one in verdict.criteria]
    assert "ended early by another claim, after 15 of 100 examples" in str(verdict)


def test_another_reference_decides_nothing_of_a_run_that_ended_early():
    """The same holds for the claim itself against a run that it was not watched beside."""
    run, _ = watched([0.0] * ROWS, outcome="FAIL", asked=15)
    other = make_run([1.0] * ROWS, model_name=LARGE, key="another")

    assert Outcome.DESCRIPTIVE is (run.vs(other) >= Claim(quality=0.9)).outcome


def test_a_witness_is_told_of_asserted_claims_alone_and_may_be_lenient():
    """What only asks for a verdict asserts nothing."""
    run, reference = watched([0.0] * 7 + [1.0] * 93, outcome=None)
    seen = []

    def witness(verdict):
        seen.append(verdict.outcome)
        return verdict

    with witnessed(witness):
        Claim(quality=0.9).judge(run.vs(reference))
        verdict = run.vs(reference) >= Claim(quality=0.9)

    assert [Outcome.INCONCLUSIVE] == seen
    assert not verdict
