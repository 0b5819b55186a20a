import pytest

from dspysota.errors import ConfigError, RunError
from dspysota.records import Failure, Prices, Run, TokenPrice, Usage
from dspysota.thresholds import Threshold
from tests.factories import make_call, make_case, make_info, make_run


def with_seconds(*seconds, **fields):
    info = make_info(**fields)
    return Run(info=info, cases=tuple(make_case(f"q{i}", seconds=s) for i, s in enumerate(seconds)))


def test_a_run_that_clears_its_bars_compares_greater():
    """`run >= threshold` is true exactly when there are no misses."""
    run = make_run([1.0, 1.0, 1.0, 0.0])
    assert run >= Threshold(accuracy=0.75)
    assert not run >= Threshold(accuracy=0.76)
    assert Threshold(accuracy=0.75).misses(run) == []


def test_a_missed_score_says_value_bar_interval_and_cases():
    """The sentence holds all that is needed to believe it."""
    run = make_run([1.0, 0.0] * 100)
    assert Threshold(accuracy=0.9).misses(run) == ["accuracy 0.500 < 0.9 (95% interval 0.431..0.569, 200 cases)"]


def test_accuracy_means_the_primary_metric():
    """On HotpotQA `accuracy` reads f1; other metrics go by their own names."""
    run = make_run([0.5, 0.5], task="hotpotqa")
    assert run >= Threshold(accuracy=0.5, f1=0.5, em=0.5, scores={"sp_f1": 0.5})
    assert [miss.split()[0] for miss in Threshold(f1=0.6, scores={"joint_em": 0.6}).misses(run)] == ["f1", "joint_em"]


@pytest.mark.parametrize("bars", [{"f1": 0.1}, {"scores": {"rouge": 0.1}}])
def test_a_metric_that_the_task_has_not_is_a_configuration_error(bars):
    """It is refused with the names that exist, never skipped."""
    with pytest.raises(ConfigError, match="exact_match, strict_match, flexible_match"):
        Threshold.of(bars).misses(make_run())


def test_latency_bars_read_percentiles_of_case_seconds():
    """p50 and p95 are of wall seconds a case; the sentence says how many were asked at once."""
    run = with_seconds(1.0, 2.0, 3.0, 4.0, 100.0)
    assert run >= Threshold(p50_seconds=3.0)
    [miss] = Threshold(p95_seconds=5.0).misses(run)
    assert miss == "p95 80.80 s > 5 s (5 cases, 32 at once, so few that it rests on the slowest)"


def test_the_tail_has_bars_too():
    """p90 and p99 read the same percentiles; a p99 of few cases says that it is the slowest one's."""
    run = with_seconds(*(float(i) for i in range(1, 12)))
    assert run >= Threshold(p90_seconds=10.0, p99_seconds=11.0)
    [ninety, slowest] = Threshold(p90_seconds=9.5, p99_seconds=9.5).misses(run)
    assert ninety == "p90 10.00 s > 9.5 s (11 cases, 32 at once)"
    assert slowest == "p99 10.90 s > 9.5 s (11 cases, 32 at once, so few that it rests on the slowest)"


def test_the_first_token_has_a_bar_of_its_own():
    """Half of the first tokens come within it; what takes an answer long after them does not matter."""
    run = with_seconds(1.0, 50.0)
    assert run >= Threshold(first_token_p50_seconds=0.1)
    [miss] = Threshold(first_token_p50_seconds=0.05).misses(run)
    assert miss == "first token p50 0.10 s > 0.05 s (2 cases, 32 at once)"


def test_first_tokens_that_were_not_reported_are_never_good_enough():
    """As with tokens: what is unknown clears no bar, and the sentence says how many are known."""
    silent = make_case("b", calls=(make_call(first_token_seconds=None),))
    run = Run(info=make_info(), cases=(make_case("a"), silent))
    [miss] = Threshold(first_token_p50_seconds=10**9).misses(run)
    assert miss == "first token p50 seconds cannot be judged: the server reported them for 1 of 2 cases"
    [miss] = Threshold(first_token_p50_seconds=10**9).misses(Run(info=make_info(), cases=(silent,)))
    assert "for 0 of 1 case" in miss


@pytest.mark.parametrize("bar", ["p50_seconds", "p90_seconds", "p99_seconds", "first_token_p50_seconds"])
def test_no_latency_bar_is_cleared_by_a_replayed_run(bar):
    """Not one of them, however fast."""
    [miss] = Threshold.of({bar: 10**9}).misses(with_seconds(0.1, provenance="replayed"))
    assert "replayed, and only measured ones count" in miss


def test_a_run_without_cases_has_no_latency_to_judge():
    """Refused, as its score is."""
    with pytest.raises(RunError, match="no cases"):
        Threshold(p90_seconds=1).misses(make_run([]))


@pytest.mark.parametrize("provenance", ["replayed", "published"])
def test_latency_that_was_not_measured_is_never_good_enough(provenance):
    """A fast number from elsewhere cannot clear a latency bar; scores of such a run still can."""
    run = with_seconds(0.1, provenance=provenance)
    [miss] = Threshold(p95_seconds=5.0).misses(run)
    assert provenance in miss
    assert "only measured" in miss
    assert run >= Threshold(accuracy=1.0)


def test_tokens_are_prompt_and_completion_a_case():
    """30 tokens a question miss a bar of 25."""
    [miss] = Threshold(tokens_per_question=25).misses(make_run())
    assert miss == "30 tokens per question > 25 (prompt 20, completion 10)"
    assert make_run() >= Threshold(tokens_per_question=30)


def test_tokens_that_were_not_reported_are_never_good_enough():
    """What is unknown clears no bar of tokens, and the sentence says how many answers had counts; other bars hold."""
    silent = make_case("b", calls=(make_call(usage=Usage(prompt_tokens=9, completion_tokens=None)),))
    run = Run(info=make_info(), cases=(make_case("a"), silent))
    [miss] = Threshold(tokens_per_question=10**9).misses(run)
    assert miss == "tokens per question cannot be judged: the server reported them for 1 of 2 cases"
    assert run >= Threshold(accuracy=1.0)


PRICE = TokenPrice(prompt=10.0, completion=20.0, source="our contract")


def test_dollars_are_those_of_a_case_and_the_sentence_says_whose():
    """20 + 10 tokens at $10 + $20 a million are $0.0004 a question."""
    run = make_run(prices=Prices(basis="list", tokens=PRICE))
    [miss] = Threshold(usd_per_question=0.0003).misses(run)
    assert miss == "$0.0004 per question > $0.0003 ($10 + $20 a million tokens (our contract))"
    assert run >= Threshold(usd_per_question=0.0004)


@pytest.mark.parametrize(
    "prices,why",
    [
        (None, "nothing has a price; give models.qwen2.5-coder-0.5b a price or a usd_per_hour in the profile"),
        (Prices(basis="list"), "nothing has a price; give"),
        (Prices(tokens=PRICE, usd_per_hour=1.0), "say which counts, `cost: list` or `cost: machine`"),
        (Prices(basis="list", usd_per_hour=1.0), "the profile counts by list, of which nothing is known here"),
    ],
)
def test_dollars_that_are_unknown_are_never_few_enough(prices, why):
    """No price, two of them, or another than the profile counts by: the bar is missed, and the cure is said."""
    [miss] = Threshold(usd_per_question=10**9).misses(make_run(prices=prices))
    assert miss.startswith("dollars per question cannot be judged: ")
    assert why in miss


def test_dollars_of_tokens_that_were_not_reported_are_unknown():
    """A server that does not say what it counted has not answered for nothing."""
    silent = make_case("b", calls=(make_call(usage=Usage(prompt_tokens=9, completion_tokens=None)),))
    run = Run(info=make_info(prices=Prices(basis="list", tokens=PRICE)), cases=(make_case("a"), silent))
    [miss] = Threshold(usd_per_question=10**9).misses(run)
    assert miss == "dollars per question cannot be judged: the server reported what it spent for 1 of 2 cases"


def test_no_error_is_allowed_unless_said():
    """A server that failed is no finding about a model, so one error misses the default bar."""
    cases = (make_case("a"), make_case("b", failure=Failure.TIMEOUT), make_case("c", failure=Failure.SERVER_ERROR))
    run = Run(info=make_info(), cases=cases)
    [miss] = Threshold().misses(run)
    assert miss == "2 cases of 3 got no answer (1 server error, 1 timeout); 0 allowed"
    assert run >= Threshold(errors=2)
    assert run >= Threshold(errors=None)


def test_a_wrong_answer_is_no_error():
    """Wrong, unparsable and truncated answers lower the score and nothing else."""
    assert make_run([0.0, 0.0]) >= Threshold()


def test_a_run_without_cases_is_refused():
    """Nothing measured is neither a pass nor a fail."""
    with pytest.raises(RunError, match="no cases"):
        Threshold(accuracy=0.0).misses(make_run([]))


@pytest.mark.parametrize(
    "bars",
    [
        {"accuracy": 90},
        {"accuracy": "0.9"},
        {"accuracy": True},
        {"accuracy": float("nan")},
        {"p95_seconds": 0},
        {"first_token_p50_seconds": -0.5},
        {"tokens_per_question": -1},
        {"errors": -1},
        {"errors": 0.5},
        {"scores": {"f1": 2}},
        {"scores": 0.5},
    ],
)
def test_a_bar_that_no_run_could_meet_or_miss_is_refused(bars):
    """Percent instead of share, text instead of number: said at once, not after an hour."""
    with pytest.raises(ConfigError, match="Threshold"):
        Threshold.of(bars)


def test_an_unknown_bar_is_named_with_its_neighbour():
    """A typing error in a profile is cured by the message."""
    with pytest.raises(ConfigError, match=r"'p95_second' is unknown; did you mean 'p95_seconds'\?"):
        Threshold.of({"p95_second": 2})


def test_other_things_do_not_compare():
    """Only a run can clear a threshold."""
    with pytest.raises(TypeError):
        _ = 0.5 >= Threshold()
