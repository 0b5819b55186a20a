"""A limit holds whatever the answers turn out to cost, and leaves nothing unused that a question fits into."""

from dspysota.experiment.limits import Limits, Questions
from dspysota.loop import evaluate
from dspysota.records import Answer, TokenPrice, Usage
from dspysota.store import Spending
from tests.factories import make_call
from tests.loop.asking import RULES, make_examples

DOLLAR = TokenPrice(prompt=1e6, completion=1e6)
"""For a token."""


class Clock:
    """Minutes that pass when told."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


def costing(*tokens):
    """Answers with so many tokens each, one after the other, the last for good."""
    left = list(tokens)

    def solve(example):
        took = left.pop(0) if len(left) > 1 else left[0]
        usage = Usage(prompt_tokens=took, completion_tokens=0)
        return Answer(prediction=example.gold, calls=(make_call(usage=usage),))

    return solve


def run(tmp_path, solver, *, usd, most, concurrency=4, questions=20):
    spending = Spending(tmp_path)
    limits = Limits(usd=usd, spending=lambda: spending)
    asking = Questions(limits, solver, DOLLAR, most)
    rows = make_examples(questions)
    found = evaluate(asking.solve, rows, concurrency=concurrency, stop=asking.stop, **RULES)
    return len(found.cases), spending.spent, limits


def test_a_limit_is_used_up_to_the_last_question_that_surely_fits(tmp_path):
    """Questions of 2 dollars that might have cost 5: nine leave 2 of 20, which one more of 5 would not fit into."""
    asked, spent, limits = run(tmp_path, costing(2), usd=20, most=5)

    assert (8, 16.0) == (asked, spent)
    assert "one more question may cost 5" in (limits.reached() or "")


def test_questions_dearer_than_foreseen_raise_what_is_set_aside(tmp_path):
    """The first one costs ten times what was thought; after it, 1.25 times as much is kept for each."""
    asked, spent, _ = run(tmp_path, costing(10), usd=50, most=1, concurrency=1)

    assert (4, 40.0) == (asked, spent)


def test_without_a_limit_everything_is_asked_and_what_has_a_price_is_counted(tmp_path):
    """So a limit that is set later knows of it."""
    asked, spent, limits = run(tmp_path, costing(2), usd=None, most=0.0)

    assert (20, 40.0, None) == (asked, spent, limits.reached())


def test_what_a_server_does_not_report_counts_with_the_most(tmp_path):
    """Unknown is not zero."""
    unknown = make_call(usage=Usage(prompt_tokens=None, completion_tokens=None))

    asked, spent, _ = run(tmp_path, lambda row: Answer(prediction=row.gold, calls=(unknown,)), usd=20, most=5)

    assert (4, 20.0) == (asked, spent)


def test_no_question_is_begun_that_would_end_too_late(tmp_path):
    """The longest so far tells how long the next one may take; the first of all are asked in the dark."""
    clock = Clock()

    def solve(example):
        clock.now += 25
        return Answer(prediction=example.gold)

    limits = Limits(minutes=1, started=clock.now, spending=lambda: Spending(tmp_path), clock=clock)
    asking = Questions(limits, solve)
    found = evaluate(asking.solve, make_examples(9), concurrency=1, stop=asking.stop, **RULES)

    assert (2, 1050.0) == (len(found.cases), clock.now)
    assert "0.833 minutes have passed, and one more question may take 25.0 s" in (limits.reached() or "")
