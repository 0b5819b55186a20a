"""An evaluation that is told to stop asks nothing more, keeps what it has, and can be continued."""

import threading

from dspysota.loop import evaluate
from dspysota.store import Journal
from dspysota.testing import FakeServer
from tests.loop.asking import RULES, adding, make_examples, make_solver


def after(questions):
    """Says stop before the question of that number; asked by one thread at a time."""
    asked = iter(range(questions))
    return lambda: next(asked, None) is None


def test_nothing_more_is_asked_once_stop_says_so_and_what_was_asked_is_kept(tmp_path):
    """The questions let through end and are entered, in the order of the examples."""
    examples = make_examples(20)
    with FakeServer(adding) as server, Journal(tmp_path / "run.jsonl", "key") as journal:
        found = evaluate(make_solver(server.base_url), examples, journal=journal, concurrency=4, stop=after(7), **RULES)

        assert 7 == len(server.requests)
    assert [example.id for example in examples[:7]] == [case.case_id for case in found.cases]
    assert {1.0} == {case.scores["exact_match"] for case in found.cases}

    with FakeServer(adding) as server, Journal(tmp_path / "run.jsonl", "key") as journal:
        whole = evaluate(make_solver(server.base_url), examples, journal=journal, concurrency=4, **RULES)

        assert 13 == len(server.requests)
    assert (20, 2) == (len(whole.cases), whole.sessions)


def test_stop_is_asked_once_for_each_question_by_one_thread_at_a_time():
    """So it may set aside what the next question will take, and count without a lock of its own."""
    alone = threading.Lock()
    count = 0

    def stop():
        nonlocal count
        assert alone.acquire(blocking=False)
        seen = count
        for _ in range(20_000):  # long enough for another thread to come between, were it let in
            seen = max(seen, count)
        count = seen + 1
        alone.release()
        return False

    with FakeServer(adding) as server:
        evaluate(make_solver(server.base_url), make_examples(12), concurrency=6, stop=stop, **RULES)

    assert 12 == count


def test_an_evaluation_stopped_before_its_first_question_is_empty():
    """No case is made up, and nothing hangs."""
    with FakeServer(adding) as server:
        found = evaluate(make_solver(server.base_url), make_examples(3), concurrency=2, stop=lambda: True, **RULES)

        assert ((), 0) == (found.cases, len(server.requests))
