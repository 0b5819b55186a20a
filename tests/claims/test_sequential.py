import doctest
import math
import random

import numpy
import pytest

from benchmarks import claim_draws as draws
from dspysota import Claim, Outcome
from dspysota.claims import sequential
from dspysota.claims.cost import ratio_of_sums
from dspysota.claims.sequential import STAKES, SequentialTest
from dspysota.errors import ConfigError, RunError
from dspysota.records import Run
from tests.factories import make_run

LARGE = "qwen2.5-coder-1.5b"


def pairs(n, score, reference_score, seed):
    """Independent right and wrong answers of a run and a reference."""
    draw = random.Random(seed)
    return [(float(draw.random() < score), float(draw.random() < reference_score)) for _ in range(n)]


def watch(test, observed):
    for place, (score, reference) in observed:
        test.observe(place, score, reference)
    return test


def test_docstring_examples_are_true():
    """Every example in the module's docstrings gives what it says."""
    failed, tried = doctest.testmod(sequential)
    assert (failed, tried > 0) == (0, True)


@pytest.mark.parametrize("score, outcome", [(0.45, Outcome.FAIL), (0.95, Outcome.PASS)])
def test_a_clear_answer_comes_early_and_stays(score, outcome):
    """Far from the claim's ratio a fraction of 1,319 questions is enough; later answers change nothing."""
    test = watch(SequentialTest(0.9), enumerate(pairs(1319, score, 0.8, seed=0)))
    assert test.outcome is outcome
    assert test.n < 400


@pytest.mark.parametrize("seed", range(5))
def test_answers_may_end_in_any_order(seed):
    """What counts is the fixed order: shuffled ends decide the same, after the same questions, by the same scores."""
    fixed = list(enumerate(pairs(400, 0.5, 0.8, seed)))
    shuffled = random.Random(seed).sample(fixed, len(fixed))
    straight, mixed = (watch(SequentialTest(0.9), order) for order in (fixed, shuffled))
    assert straight.outcome is Outcome.FAIL
    assert (mixed.outcome, mixed.pairs) == (straight.outcome, straight.pairs)


def test_questions_beyond_a_gap_do_not_count():
    """A thousand wrong answers decide nothing while the first question is still open."""
    test = SequentialTest(0.9)
    assert not any(test.observe(place, 0.0, 1.0) for place in range(1, 1001))
    assert test.n == 0
    assert test.observe(0, 0.0, 1.0)
    assert test.outcome is Outcome.FAIL
    assert test.n < 20


def test_wealth_is_the_mean_of_four_plain_bets():
    """Written out from the definition: Π (1 + g (score / t - reference)) and Π (1 - g (score - t reference))."""
    observed = [(1.0, 0.0), (0.5, 1.0), (0.0, 1.0), (1.0, 1.0), (0.25, 0.4)]
    test = watch(SequentialTest(0.9), enumerate(observed))
    up = numpy.mean([math.prod(1 + g * (s / 0.9 - r) for s, r in observed) for g in STAKES])
    down = numpy.mean([math.prod(1 - g * (s - 0.9 * r) for s, r in observed) for g in STAKES])
    assert test.p_values() == pytest.approx((min(1, 1 / up), min(1, 1 / down)))


def test_at_the_boundary_no_bet_can_be_expected_to_win():
    """One question, any distribution with ratio 0.9: expected wealth is 1, whatever the agreement or the levels."""
    levels = numpy.array([0.0, 0.3, 0.5, 1.0])
    draw = numpy.random.default_rng(0)
    for _ in range(20):
        shares = draw.dirichlet(numpy.ones(16)).reshape(4, 4)
        # Moving weight to (0, r) or (s, 0) brings the ratio to 0.9.
        mine, theirs = shares.sum(axis=1) @ levels, shares.sum(axis=0) @ levels
        here, there = numpy.meshgrid(levels, levels, indexing="ij")
        value = here - 0.9 * there
        extreme = value.max() if mine < 0.9 * theirs else value.min()
        mean = (shares * value).sum()
        part = mean / (mean - extreme)
        for g in STAKES:
            up = (1 - part) * (shares * (1 + g * value / 0.9)).sum() + part * (1 + g * extreme / 0.9)
            assert up == pytest.approx(1.0)


@pytest.mark.parametrize("stop", ["decided", "fail", "pass"])
def test_the_error_rate_is_shared_between_the_early_end_and_the_last(stop):
    """What may end early has a fifth of it; a side that may not keeps all for the end."""
    test = SequentialTest(0.9, (0.05, 0.025), stop=stop)
    assert [a + b for a, b in zip(test.spent, test.rest, strict=True)] == pytest.approx([0.05, 0.025])
    assert test.spent == pytest.approx((0.01 * (stop != "fail"), 0.005 * (stop != "pass")))


@pytest.mark.parametrize("stop, score", [("fail", 1.0), ("pass", 0.0)])
def test_a_rule_ends_only_what_it_names(stop, score):
    """By `fail` the best run is asked to its end; by `pass` the worst."""
    test = watch(SequentialTest(0.9, stop=stop), enumerate([(score, 0.5)] * 500))
    assert test.outcome is None
    assert test.n == 500


def test_bounds_hold_whenever_one_looks():
    """At a true ratio of 0.9 the 98% bounds miss it at some time in fewer than 3.5% of 300 runs of 300 questions."""
    missed = 0
    for seed in range(300):
        test = SequentialTest(0.9)
        observed = pairs(300, 0.72, 0.8, seed)
        missed += watch(test, enumerate(observed)).outcome is not None
    assert missed <= 10


def test_the_bound_meets_the_claim_when_the_run_ends():
    """A run that ends in PASS has its lower bound just above the claimed ratio."""
    test = watch(SequentialTest(0.9), enumerate(pairs(1319, 0.95, 0.8, seed=1)))
    low, high = test.interval()
    assert 0.9 <= low < 0.93
    assert low < 0.95 / 0.8 < high
    assert test.p_values()[0] <= 0.01


def test_many_runs_at_once_decide_as_one_does():
    """The simulation's arithmetic is that of the test: same wealth, same ends."""
    kinds = draws.shares(0.8, 0.7, 0.3)
    [path] = draws.paths(numpy.random.default_rng(0), 20, 400, kinds)
    up, down = draws.wealths(path)
    ends = numpy.minimum(draws.first(up, 0.01), draws.first(down, 0.01))
    for run, end in zip(path, ends, strict=True):
        test = watch(SequentialTest(0.9), enumerate(zip(draws.HERE[run], draws.THERE[run], strict=True)))
        assert (test.n if test.outcome else draws.NEVER) == end


@pytest.mark.parametrize("score, ratio", [(0.55, 0.7), (0.55, 1.1), (0.8, 0.7), (0.8, 1.1)])
def test_seven_of_ten_questions_are_saved_when_the_answer_is_clear(score, ratio):
    """True ratios of 0.70 and 1.10 end 200 runs after fewer than 30% of 1,319 questions, at low agreement."""
    generator = numpy.random.default_rng(0)
    [path] = draws.paths(generator, 200, 1319, draws.shares(score, ratio, 0.3))
    ends = numpy.minimum(*(draws.first(side, 0.01) for side in draws.wealths(path)))
    assert numpy.minimum(ends, 1319).mean() < 0.3 * 1319


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: SequentialTest(0), "Ratio 0 cannot be claimed"),
        # A word that the type forbids, as it comes from a user whose code nobody checks.
        (lambda: SequentialTest(0.9, stop="soon"), "'soon' is unknown; valid are decided, fail, pass"),  # type: ignore[arg-type]
        (lambda: SequentialTest(0.9, share=1.0), "share of 1.0"),
        (lambda: SequentialTest(0.9, (0.05, 0.0)), r"\(0.05, 0.0\)"),
        (lambda: Claim(cost=0.05).sequential(), "names a cost alone"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(call, message):
    """One sentence, naming the value."""
    with pytest.raises(ConfigError, match=message):
        call()


def test_a_question_counts_once():
    """A place seen before, or a score that is none, is refused."""
    test = SequentialTest(0.9)
    test.observe(0, 1.0, 1.0)
    test.observe(2, 1.0, 1.0)
    for place in (0, 2, -1):
        with pytest.raises(RunError, match="observed before"):
            test.observe(place, 1.0, 1.0)
    with pytest.raises(RunError, match=r"must lie in 0\.\.1"):
        test.observe(1, float("nan"), 1.0)


def ended(observed, claim=None, **fields):
    """Two runs with these scores, watched by the claim's sequential test."""
    claim = claim or Claim(quality=0.9)
    mine, theirs = (list(side) for side in zip(*observed, strict=True))
    run, reference = make_run(mine), make_run(theirs, model_name=LARGE)
    return run, reference, watch(claim.sequential(**fields), enumerate(observed)), claim


def test_a_verdict_rests_on_the_questions_counted():
    """The early end is the verdict; the run may hold more answers, and the reference all."""
    run, reference, test, claim = ended(pairs(600, 0.4, 0.8, seed=2))
    assert test.n < 600
    verdict = claim.judge(run.vs(reference), test)
    short = claim.judge(Run(info=run.info, cases=run.cases[: test.n]).vs(reference), test)
    [criterion] = verdict.criteria
    assert (verdict.outcome, criterion.n, criterion.interval) == (Outcome.FAIL, test.n, test.interval())
    assert f"after {test.n} of 600 examples" in str(verdict)
    assert short == verdict


def test_an_undecided_run_is_judged_on_all_questions_with_what_is_left():
    """0.04 of 0.05: the bounds at the end are a little wider than without watching."""
    run, reference, test, claim = ended(pairs(200, 0.72, 0.8, seed=3))
    assert test.outcome is None
    watched, plain = claim.judge(run.vs(reference), test), claim.judge(run.vs(reference))
    assert watched.criteria[0].n == 200
    assert watched.criteria[0].interval == Claim(quality=0.9, alpha=0.04).judge(run.vs(reference)).criteria[0].interval
    assert watched.criteria[0].interval != plain.criteria[0].interval


def test_costs_are_judged_up_to_the_end():
    """A claim on cost, too, uses the questions that were counted, and the costs of whole runs.

    Its test has what the early end left of the error rate, 0.04 and 0.02.
    """
    claim = Claim(quality=0.9, cost=0.05)
    run, reference, test, _ = ended(pairs(600, 0.95, 0.8, seed=4), claim)
    costs = {run.info.key: [0.0004] * 600, reference.info.key: [0.01 + i * 1e-6 for i in range(600)]}
    verdict = claim.judge(run.vs(reference, costs=costs), test)
    assert verdict.outcome is Outcome.PASS
    assert [one.n for one in verdict.criteria] == [test.n, test.n]
    assert test.n < 300
    seen = (costs[one.info.key][: test.n] for one in (run, reference))
    assert verdict.criteria[1].interval == ratio_of_sums(*seen).interval(0.02, 0.04)


def test_a_test_that_watched_something_else_is_refused():
    """Its decision belongs to other scores, or to one of several seeds."""
    run, reference, test, claim = ended(pairs(600, 0.4, 0.8, seed=5))
    with pytest.raises(RunError, match="counted other scores"):
        claim.judge(reference.vs(run), test)
    with pytest.raises(RunError, match="one run against one reference"):
        claim.judge(run.vs(reference, seeds=[make_run(run.scores(), seed=1)]), test)
