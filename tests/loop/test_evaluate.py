"""The loop keeps the server full, the order of the examples, and every error as a case."""

import contextvars
import itertools
import threading

import pytest

from dspysota.errors import RunError
from dspysota.loop import evaluate
from dspysota.records import Answer, Failure
from dspysota.store import Journal
from dspysota.testing import FakeServer, Fault
from tests.loop.asking import RULES, adding, exact, make_examples, make_solver


def run(solve, n=12, *, concurrency=4, **options):
    return evaluate(solve, make_examples(n), concurrency=concurrency, **{**RULES, **options})


def ask(server, n=12, **options):
    return run(make_solver(server.base_url), n, **options)


def right(example):
    return Answer(prediction=example.gold)


def test_cases_come_in_example_order():
    """Whatever ends first, cases stand in the order of their examples and every one is asked once."""
    with FakeServer(adding) as server:
        found = ask(server, 50, concurrency=8)
    assert [case.case_id for case in found.cases] == [f"q{i}" for i in range(50)]
    assert {case.scores["exact_match"] for case in found.cases} == {1.0}
    assert sorted(request.question for request in server.requests) == sorted(e.question for e in make_examples(50))


@pytest.mark.parametrize("concurrency, held", [(1, 1), (5, 5), (64, 12)])
def test_concurrency_is_really_held(concurrency, held):
    """Exactly `concurrency` questions are in flight at the server, or all of them when there are fewer."""
    with FakeServer(adding) as server:
        server.hold()
        thread = threading.Thread(target=ask, args=(server, 12), kwargs={"concurrency": concurrency})
        thread.start()
        assert server.wait_until(lambda s: s.in_flight == held)
        server.release()
        thread.join()
        assert server.peak == held
        assert len(server.requests) == 12


def test_a_slow_question_holds_nobody_up():
    """While one question hangs, all others are asked and answered."""
    done = []

    def note(case, n, total):
        done.append(case.case_id)
        if n == 11:
            raise KeyboardInterrupt  # the hanging one would hold the test up

    with FakeServer(adding, faults={0: Fault("hang")}) as server, pytest.raises(KeyboardInterrupt):
        ask(server, 12, concurrency=2, on_case=note)
    assert len(done) == 11


def test_a_timeout_is_a_case():
    """A question that gets no answer in time is an error of its own."""
    with FakeServer(adding, faults={0: Fault("hang")}) as server:
        (case,) = run(make_solver(server.base_url, timeout=0.05), 1).cases
    assert (case.failure, case.scores["exact_match"]) == (Failure.TIMEOUT, 0.0)


def test_errors_are_cases():
    """A failing server gives cases that score zero, carry their error, and stay in the run."""
    with FakeServer(adding, faults={"What is 3 +": Fault("error")}) as server:
        found = ask(server)
    failed = found.cases[3]
    assert (failed.failure, failed.error) == (Failure.SERVER_ERROR, "HTTP 500")
    assert failed.scores == {"exact_match": 0.0, "brevity": 0.0}
    assert sum(case.scores["exact_match"] for case in found.cases) == 11


def test_a_server_that_refuses_everything_is_not_gone():
    """HTTP 500 to every question is an answer of sorts: all cases are errors, and the run ends."""
    with FakeServer(adding, faults=lambda number, question: Fault("error")) as server:
        found = ask(server, 30, concurrency=2)
    assert {case.failure for case in found.cases} == {Failure.SERVER_ERROR}


def test_a_few_lost_connections_are_cases():
    """Connections that others outlive are errors of their own questions."""
    with FakeServer(adding, faults={5: Fault("close"), 11: Fault("close")}) as server:
        found = ask(server, concurrency=1)
    assert [case.case_id for case in found.cases if case.failure] == ["q5", "q11"]


def test_a_server_that_is_gone_stops_the_run(tmp_path):
    """After max(8, concurrency) questions without a connection the run stops, and none of them is final."""
    lost = lambda number, question: Fault("close") if number >= 10 else None  # noqa: E731
    with FakeServer(adding, faults=lost) as server, Journal(tmp_path / "a.jsonl", "a") as journal:
        with pytest.raises(RunError, match=r"stopped answering.*same command"):
            ask(server, 1000, concurrency=1, journal=journal)
        assert len(server.requests) == 18
    with FakeServer(adding) as server, Journal(tmp_path / "a.jsonl", "a") as journal:
        assert len(journal.cases) == 10
        found = ask(server, 1000, concurrency=1, journal=journal)
        assert len(server.requests) == 990
    assert {case.failure for case in found.cases} == {None}
    assert found.sessions == 2


def test_a_server_gone_at_the_end_stops_the_run_too(tmp_path):
    """Fewer questions than workers are left when the server dies: they are not turned into errors either."""
    lost = lambda number, question: Fault("close") if number >= 4 else None  # noqa: E731
    with FakeServer(adding, faults=lost) as server, Journal(tmp_path / "a.jsonl", "a") as journal:
        with pytest.raises(RunError, match="stopped answering"):
            ask(server, 12, concurrency=64, journal=journal)
    with Journal(tmp_path / "a.jsonl", "a") as journal:
        assert len(journal.cases) == 4


def test_finished_cases_are_not_asked_again(tmp_path):
    """What the journal holds is taken over; the rest is asked; sessions and seconds add up."""
    ticks = itertools.count()
    with Journal(tmp_path / "a.jsonl", "a") as journal:
        first = run(right, 5, concurrency=1, journal=journal, clock=lambda: float(next(ticks)))
    with FakeServer(adding) as server, Journal(tmp_path / "a.jsonl", "a") as journal:
        second = ask(server, 12, journal=journal, clock=lambda: 0.0)
        assert {request.question for request in server.requests} == {e.question for e in make_examples(12)[5:]}
    assert second.cases[:5] == first.cases
    assert (first.sessions, second.sessions) == (1, 2)
    assert second.wall_seconds == first.wall_seconds > 0


def test_a_complete_journal_asks_nothing(tmp_path):
    """With every case there, no worker starts and no session is counted."""
    for _ in range(2):
        with Journal(tmp_path / "a.jsonl", "a") as journal:
            found = run(right, journal=journal)
    assert (len(found.cases), found.sessions) == (12, 1)
    assert run(right).cases[0].case_id == "q0"


def test_progress_counts_what_was_there(tmp_path):
    """`on_case` hears of new cases only, with the number final so far and the number wanted, in the caller's thread."""
    heard = []
    with Journal(tmp_path / "a.jsonl", "a") as journal:
        run(right, 9, journal=journal)
    with Journal(tmp_path / "a.jsonl", "a") as journal:
        note = lambda case, done, total: heard.append((case.case_id, done, total, threading.current_thread()))  # noqa: E731
        run(right, 12, concurrency=1, journal=journal, on_case=note)
    here = threading.current_thread()
    assert heard == [("q9", 10, 12, here), ("q10", 11, 12, here), ("q11", 12, 12, here)]


def test_seconds_are_those_of_the_program():
    """A case's seconds span its own solving, not the wait for a worker before it nor the scoring after."""
    now = [0.0]

    def solve(example):
        now[0] += 2.0
        return right(example)

    def score(example, prediction, output, details):
        now[0] += 100.0
        return exact(example, prediction, output, details)

    found = run(solve, 5, concurrency=1, clock=lambda: now[0], task_score=score)
    assert [case.seconds for case in found.cases] == [2.0] * 5
    assert found.wall_seconds == 510.0


def test_a_bug_in_the_metric_is_a_crash(tmp_path):
    """What a score function raises comes out of `evaluate`; the cases before it are kept."""

    def score(example, prediction, output, details):
        if example.id == "q3":
            raise ZeroDivisionError("in the metric")
        return exact(example, prediction, output, details)

    with Journal(tmp_path / "a.jsonl", "a") as journal, pytest.raises(ZeroDivisionError, match="in the metric"):
        run(right, concurrency=1, journal=journal, task_score=score)
    with Journal(tmp_path / "a.jsonl", "a") as journal:
        assert list(journal.cases) == ["q0", "q1", "q2"]


def test_interruption_hands_out_no_more_work(tmp_path):
    """Ctrl-C ends at once: what had ended is in the journal, what was in flight is asked again, the rest never was."""

    def interrupt(case, done, total):
        if done == 5:
            raise KeyboardInterrupt

    hung = lambda number, question: Fault("hang") if number >= 5 else None  # noqa: E731
    with FakeServer(adding, faults=hung) as server, Journal(tmp_path / "a.jsonl", "a") as journal:
        with pytest.raises(KeyboardInterrupt):
            ask(server, 100, concurrency=3, journal=journal, on_case=interrupt)
        assert len(server.requests) <= 8
    with Journal(tmp_path / "a.jsonl", "a") as journal:
        assert len(journal.cases) == 5


def test_workers_see_the_callers_context():
    """Context variables set around `evaluate` hold in its workers, as they would without threads."""
    mark = contextvars.ContextVar("mark", default="unset")
    mark.set("set")
    found = run(lambda example: Answer(prediction=mark.get()), 3)
    assert {case.prediction for case in found.cases} == {"set"}


@pytest.mark.parametrize(
    "examples, concurrency, message",
    [
        ([], 4, "no examples"),
        (make_examples(2), 0, "concurrency of 0"),
        ([*make_examples(2), *make_examples(1)], 4, "'q0'"),
    ],
)
def test_nonsense_is_refused(examples, concurrency, message):
    """No examples, no workers and equal ids are errors, never a score of 0."""
    with pytest.raises(RunError, match=message):
        evaluate(right, examples, concurrency=concurrency, **RULES)
