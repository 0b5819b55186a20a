"""What runs cost, by each basis."""

import doctest
import math
import re

import pytest

from dspysota import Claim, ConfigError, RunError, costs
from dspysota.claims import Outcome
from dspysota.records import (
    CompileInfo,
    Failure,
    Phase,
    Prices,
    Run,
    TeacherPrices,
    TokenPrice,
    Training,
    Usage,
    prices,
)
from dspysota.records.prices import UNITS
from tests.factories import make_call, make_case, make_info, make_run

CHEAP = TokenPrice(prompt=1.0, completion=2.0, cached=0.5, provider="a")
DEAR = TokenPrice(prompt=10.0, completion=20.0, provider="a")
BILLION = {"qwen2.5-coder-0.5b": 0.5e9, "qwen2.5-coder-1.5b": 1.5e9}


def priced(cases, *, model="qwen2.5-coder-0.5b", compile=None, wall=10.0, **fields):
    """A run of these cases, counted by these prices."""
    info = make_info(model_name=model, rows=len(cases), wall_seconds=wall, prices=Prices(**fields) if fields else None)
    changes = {"model": info.model.model_copy(update={"parameters": BILLION[model]})}
    if compile is not None:
        changes["compile"] = compile
    return Run(info=info.model_copy(update=changes), cases=tuple(cases))


def case(name, *usages, seconds=1.0, right=True, failure=None, **call):
    calls = tuple(
        make_call(usage=Usage(prompt_tokens=p, completion_tokens=c, cached_tokens=k), **call) for p, c, k in usages
    )
    return make_case(
        name, 1.0 if right else 0.0, calls=calls, seconds=seconds, **({"failure": failure} if failure else {})
    )


CASES = (
    case("a", (1000, 100, None), seconds=1.0),
    case("b", (1000, 100, 600), (500, 50, 0), seconds=3.0, right=False),
)
BOTH = {"tokens": CHEAP, "usd_per_hour": 3.6}


def test_docstring_examples_are_true():
    """What a token price says of itself is so."""
    failed, tried = doctest.testmod(prices)
    assert (failed, tried > 0) == (0, True)


def test_list_price_counts_every_call_and_cached_tokens_by_theirs():
    """1,000 + 100 tokens at $1 + $2 a million are $0.0012; of the second case 600 are cached, and both calls count."""
    run = priced(CASES, basis="list", **BOTH)

    assert costs.of_run(run) == pytest.approx([0.0012, (400 + 300 + 200 + 500 + 100) / 1e6])


def test_cached_tokens_without_a_price_of_their_own_are_prompt_tokens():
    """A price list that names none charges for all alike, and so does one whose server calls nothing cached."""
    (one,) = costs.of_run(priced([case("a", (1000, 0, 900))], basis="list", tokens=DEAR))
    (other,) = costs.of_run(priced([case("a", (1000, 0, None))], basis="list", tokens=CHEAP))

    assert (0.01, 0.001) == pytest.approx((one, other))


def test_machine_price_adds_up_to_the_busy_time():
    """$3.60 an hour for 10 s is $0.01, split by the seconds of cases, which overlap where many are asked at once."""
    amounts = costs.of_run(priced(CASES, basis="machine", **BOTH))

    assert amounts == pytest.approx([0.0025, 0.0075])
    assert math.isclose(0.01, sum(amount or 0 for amount in amounts))


def test_parameters_times_tokens_is_twice_their_product():
    """2 N FLOP a token (Kaplan et al. 2020, section 2.1): 1,100 tokens of half a billion parameters, and 1,650."""
    run = priced(CASES, basis="parameters")

    assert costs.of_run(run) == pytest.approx([2 * 0.5e9 * 1100, 2 * 0.5e9 * 1650])
    assert "FLOP" == UNITS[costs.of_run(run).basis]


@pytest.mark.parametrize("basis", costs.BASES)
def test_what_is_unknown_is_none_and_never_nothing(basis):
    """No price, no machine, no parameters, or a server that does not say: None for each case it concerns."""
    silent = case("c", (None, None, None))
    run = priced([*CASES, silent], usd_per_hour=None)
    bare = Run(
        info=run.info.model_copy(update={"model": run.info.model.model_copy(update={"parameters": None})}),
        cases=run.cases,
    )

    assert [None] * 3 == costs.of_run(bare, basis)
    known = costs.of_run(priced([*CASES, silent], **BOTH), basis)
    assert (basis == "machine") == (known[2] is not None)
    assert basis in costs.known(priced(CASES, **BOTH))
    assert costs.summary(bare, basis).total is None
    assert costs.summary(bare, basis).per_question is None


def test_without_a_basis_the_cure_is_named():
    """A cost that nobody said how to count is a mistake in the profile, not a guess of ours."""
    for run in (make_run(), priced(CASES, **BOTH)):
        with pytest.raises(ConfigError, match="add `cost: list`, `cost: machine` or `cost: parameters`"):
            costs.of_run(run)


def test_a_question_and_a_correct_answer():
    """Ratios of sums: half the answers are right, so that a right one costs twice a question."""
    cases = [case(f"{i}", (1000 + 10 * i, 100, None), right=i % 2 == 0) for i in range(40)]
    found = costs.summary(priced(cases, basis="list", tokens=CHEAP))

    assert found.total is not None
    assert found.per_question is not None
    assert found.per_correct is not None
    assert found.per_question.value == pytest.approx(found.total / 40)
    assert found.per_correct.value == pytest.approx(found.total / 20)
    for estimate in (found.per_question, found.per_correct):
        assert estimate.interval.low < estimate.value < estimate.interval.high
    assert found.per_correct.interval.high > 2 * found.per_question.interval.high


def test_intervals_do_not_depend_on_the_unit():
    """Operations are 10^15 times as many as dollars, and their interval as wide in proportion."""
    cases = [case(f"{i}", (1000 + 37 * (i % 7), 0, None)) for i in range(40)]
    flop = costs.summary(priced(cases, basis="parameters")).per_question
    usd = costs.summary(priced(cases, basis="list", tokens=CHEAP)).per_question

    assert flop is not None
    assert usd is not None
    assert [end / flop.value for end in flop.interval] == pytest.approx([end / usd.value for end in usd.interval])


def test_where_nothing_was_right_a_correct_answer_has_no_cost():
    """Not infinite, not 0: there is none."""
    wrong = [case(f"{i}", (10, 10, None), right=False) for i in range(5)]

    assert costs.summary(priced(wrong, basis="list", tokens=CHEAP)).per_correct is None


def test_failed_and_repeated_requests_are_counted_as_reported():
    """A failed call's tokens count; attempts and seconds of retries are told, their tokens nobody knows."""
    broken = case(
        "a", (1000, 0, None), right=False, failure=Failure.TIMEOUT, attempts=3, retry_seconds=4.5, error="late"
    )
    found = costs.summary(priced([broken], basis="list", tokens=CHEAP))

    assert (0.001, 2, 4.5) == pytest.approx((found.total, found.retries.attempts, found.retries.seconds))


@pytest.mark.parametrize("basis", ["list", "parameters"])
@pytest.mark.parametrize("failure", [Failure.SERVER_ERROR, Failure.TIMEOUT])
def test_what_a_server_that_failed_had_spent_is_unknown(basis, failure):
    """Nothing was reported, and nothing is not what it cost: a server that fails often would look cheap."""
    lost = case("b", (0, 0, None), right=False, failure=failure, error="no answer")
    run = priced([CASES[0], lost], basis=basis, **BOTH)

    assert costs.of_run(run)[1] is None
    with pytest.raises(RunError, match="1 of 2 questions"):
        _ = run.vs(priced(CASES, basis=basis, **BOTH), costs=costs.of_run) >= Claim(cost=0.9)


@pytest.mark.parametrize("failure", [Failure.CONTEXT_OVERFLOW, Failure.REFUSED])
def test_what_was_turned_down_cost_nothing(failure):
    """The model never began on it, so that nothing is what it took."""
    turned_down = case("b", (0, 0, None), right=False, failure=failure, error="too long")

    assert 0.0 == costs.of_run(priced([turned_down], basis="list", **BOTH))[0]


def compiled(**by_model):
    """What it took to compile: a phase of answers and one of scoring, tokens by model."""
    own, other = Usage(prompt_tokens=1000, completion_tokens=0), Usage(prompt_tokens=500, completion_tokens=0)
    teacher = by_model.get("teacher")
    asked = {"qwen2.5-coder-0.5b": own, **({teacher: other} if teacher else {})}
    answers = Phase(name="bootstrapping", calls=4, usage=own + other if teacher else own, by_model=asked)
    scoring = Phase(name="scoring", calls=2, usage=own, by_model={"qwen2.5-coder-0.5b": own})
    return CompileInfo(
        program_digest="c" * 64,
        calls=6,
        usage=answers.usage + own,
        seconds=3600.0,
        phases=(answers, scoring),
        teacher=teacher,
    )


TEACHER = TeacherPrices(model="big", parameters=1e9, tokens=DEAR, usd_per_hour=4.0)


@pytest.mark.parametrize(
    "basis,total,phases,taught",
    [
        ("list", 0.001 + 0.005 + 0.001, [0.006, 0.001], 0.005),
        ("machine", 3.6 + 4.0, [None, None], 4.0),
        ("parameters", 1e12 + 1e12 + 1e12, [2e12, 1e12], 1e12),
    ],
)
def test_preparing_counts_the_teacher_by_its_own_price(basis, total, phases, taught):
    """Phases add up to the whole; a machine that stood ready was paid for, whoever was asked."""
    run = priced(CASES, compile=compiled(teacher="big"), teacher=TEACHER, **BOTH)
    spent = costs.summary(run, basis).compile

    assert spent.total == pytest.approx(total)
    assert [amount for _, _, amount in spent.phases] == [
        value if value is None else pytest.approx(value) for value in phases
    ]
    assert spent.teacher == pytest.approx(taught)


def test_a_teacher_without_a_price_leaves_preparing_unknown():
    """Its answers were not free, and questions are counted all the same."""
    unpriced = TeacherPrices(model="big")
    found = costs.summary(priced(CASES, basis="list", compile=compiled(teacher="big"), teacher=unpriced, tokens=CHEAP))

    assert found.compile.total is None
    assert found.total is not None


def test_another_price_counts_a_compilation_that_is_long_over():
    """What was stored are tokens: a program that is reused is counted by the prices of today, not of then."""
    once, now = (
        costs.summary(priced(CASES, basis="list", compile=compiled(), tokens=p)).compile for p in (CHEAP, DEAR)
    )

    assert once.total is not None
    assert now.total == pytest.approx(10 * once.total)


def questions(n, length, **fields):
    return priced([case(f"{i}", (length, 0, None)) for i in range(n)], basis="list", **fields)


def test_preparing_is_paid_back_by_what_questions_cost_less():
    """$0.002 spent, $0.009 less a question of $0.01: one question pays; at $0.0005 less it takes four."""
    reference = questions(10, 1000, model="qwen2.5-coder-1.5b", tokens=DEAR)
    assert 1 == costs.break_even(questions(10, 1000, compile=compiled(), tokens=CHEAP), reference)
    near = questions(10, 1000, model="qwen2.5-coder-1.5b", tokens=CHEAP.model_copy(update={"prompt": 1.5}))
    assert 4 == costs.break_even(questions(10, 1000, compile=compiled(), tokens=CHEAP), near)


def test_preparing_that_saves_nothing_is_never_paid_back_and_nothing_spent_needs_none():
    """None: never. 0: there is nothing to pay back."""
    reference = questions(10, 1000, tokens=CHEAP)

    assert costs.break_even(questions(10, 1000, compile=compiled(), tokens=CHEAP), reference) is None
    assert 0 == costs.break_even(questions(10, 1000, tokens=DEAR), reference)


def test_an_unknown_cost_has_no_break_even():
    """One sentence with the cure, and no number."""
    spent = questions(10, 1000, compile=compiled(), tokens=CHEAP)
    with pytest.raises(RunError, match=r"is unknown.*`cost: list`"):
        costs.break_even(spent, questions(10, 1000))
    with pytest.raises(RunError, match=r"by list and .* by machine"):
        costs.break_even(spent, priced(CASES, basis="machine", **BOTH))


def test_a_claim_takes_the_costs_of_both_runs():
    """`run.vs(reference, costs=costs.of_run)` is all it needs, and the verdict says the unit."""
    small, large = questions(30, 1000, tokens=CHEAP), questions(30, 1000, model="qwen2.5-coder-1.5b", tokens=DEAR)
    verdict = small.vs(large, costs=costs.of_run) >= Claim(cost=0.2)
    assert verdict.outcome is Outcome.PASS
    assert "cost PASS: $0.001 against $0.01 a question" in str(verdict)

    by_size = small.vs(large, costs=lambda run: costs.of_run(run, "parameters")) >= Claim(cost=0.5)
    assert by_size.outcome is Outcome.PASS
    assert "1 TFLOP against 3 TFLOP a question" in str(by_size)


def test_a_claim_on_an_unknown_cost_is_refused_with_its_cure():
    """The sentence leads to the line of the profile that is missing."""
    small, large = questions(30, 1000, tokens=CHEAP), questions(30, 1000, model="qwen2.5-coder-1.5b")
    with pytest.raises(RunError, match=r"30 of 30 questions .* is unknown.*give its model a price in the profile"):
        assert small.vs(large, costs=costs.of_run) >= Claim(cost=0.2)
    with pytest.raises(ConfigError, match="add `cost: list`"):
        assert small.vs(Run(info=make_info(data=small.info.data), cases=small.cases), costs=costs.of_run) >= Claim(
            cost=0.2
        )


def test_bases_do_not_mix_in_a_claim():
    """A list price over a machine price is no ratio of costs."""
    small = questions(30, 1000, tokens=CHEAP)
    large = priced(small.cases, model="qwen2.5-coder-1.5b", basis="machine", **BOTH)
    with pytest.raises(RunError, match=r"of several bases, .* by list and .* by machine"):
        assert small.vs(large, costs=costs.of_run) >= Claim(cost=0.2)


@pytest.mark.parametrize(
    "other,words",
    [("a", "are both of a"), ("b", "of different providers \\(a, b\\)"), (None, "name no provider")],
)
def test_a_pair_of_prices_is_said_in_words(other, words):
    """Prices of one provider can be compared; of two they say as much about the providers."""
    small = questions(3, 10, tokens=CHEAP)
    large = questions(3, 10, model="qwen2.5-coder-1.5b", tokens=DEAR.model_copy(update={"provider": other}))

    assert re.search(words, costs.pair(small, large, "list") or "")
    assert costs.pair(small, large, "parameters") is None


def test_dollars_a_question_are_by_the_profiles_basis_or_the_only_one_known():
    """With two prices and no basis nothing is chosen for the user."""
    assert costs.usd_per_question(priced(CASES, basis="machine", **BOTH)) == pytest.approx(0.005)
    assert costs.usd_per_question(priced(CASES, tokens=CHEAP)) == pytest.approx(0.00135)
    assert costs.usd_per_question(priced(CASES, basis="parameters", tokens=CHEAP)) == pytest.approx(0.00135)
    assert costs.usd_per_question(priced(CASES, **BOTH)) is None
    assert costs.usd_per_question(priced(CASES, basis="list", usd_per_hour=1.0)) is None


@pytest.mark.parametrize(
    "basis,total,last",
    [("list", None, None), ("machine", 3.6, None), ("parameters", 2e12 + 4 * 5e8 * 10_000, 4 * 5e8 * 10_000)],
)
def test_training_counts_by_its_tokens_and_its_time(basis, total, last):
    """Twice a forward pass for each token; an hour is an hour; and nobody lists a price of it."""
    training = Training(digest="d" * 64, base="b" * 64, by="LoRA", examples=9, tokens=10_000, seconds=60.0)
    made = compiled().model_copy(update={"training": training})
    run = priced(CASES, compile=made, **BOTH)
    spent = costs.summary(run, basis).compile

    assert spent.total == (total if total is None else pytest.approx(total))
    if basis != "machine":
        assert spent.phases[-1] == ("training", 0, last)
