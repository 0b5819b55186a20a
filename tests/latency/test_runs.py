"""All figures of a run's latency, and the server's counters beside its answers."""

import pytest

from dspysota.latency import of_run, reconcile
from dspysota.records import Failure, Run, ServerCounts, Usage
from tests.factories import make_call, make_case, make_info


def run_of(*cases, **fields):
    return Run(info=make_info(wall_seconds=4.0, **fields), cases=cases)


def served(prompt, generated, **fields):
    return ServerCounts(prompt_tokens=prompt, generation_tokens=generated, **fields)


def test_questions_and_calls_are_told_apart():
    """A question of two calls takes as long as both and what lies between; each call has its own time."""
    calls = (make_call(seconds=1.0, queue_seconds=0.25), make_call(seconds=2.0, queue_seconds=0.75))
    found = of_run(run_of(make_case("a", calls=calls, seconds=3.5), make_case("b", seconds=0.5)))

    assert found.question is not None
    assert found.call is not None
    assert found.queue is not None
    assert ((0.5, 3.5), (0.5, 1.0, 2.0)) == (found.question.values, found.call.values)
    assert ((0.25, 0.75), 3) == (found.queue.values, found.queue.of)
    assert (32, 0.5) == (found.at_once, found.questions_per_second)


def test_a_question_that_got_no_answer_took_its_time_and_had_no_first_token():
    """Leaving it out would make a server that times out look fast; its first token is not missing but was not."""
    timeout = make_call(seconds=60.0, error="late", first_token_seconds=None, usage=Usage())
    failed = make_case("a", failure=Failure.TIMEOUT, calls=(timeout,), seconds=60.0)
    found = of_run(run_of(failed, make_case("b")))

    assert found.question is not None
    assert 60.0 == found.question.values[-1]
    assert found.first_token is not None
    assert ((0.1,), True) == (found.first_token.values, found.first_token_told)


def test_what_the_server_does_not_tell_is_unknown():
    """No time to the first token, no queue, no cached tokens: None, and never 0."""
    silent = make_call(first_token_seconds=None, usage=Usage(prompt_tokens=None, completion_tokens=None))
    found = of_run(run_of(make_case("a", calls=(silent,))))

    assert (None, None, None, None) == (found.first_token, found.queue, found.hit_rate, found.hit_rate_by)
    assert found.completion_tokens_per_second is None
    assert not found.first_token_told


def test_a_run_without_cases_has_no_latency():
    """Nothing measured, nothing shown."""
    found = of_run(run_of())
    assert (None, None, None) == (found.question, found.call, found.questions_per_second)


def test_the_hit_rate_is_the_servers_where_it_counted():
    """Its counters include requests that were tried again; else the answers say, as far as they do."""
    cached = make_call(usage=Usage(prompt_tokens=20, completion_tokens=1, cached_tokens=10))
    silent = make_call(usage=Usage(prompt_tokens=1000, completion_tokens=1))
    cases = (make_case("a", calls=(cached, silent)),)

    assert (0.5, "answers") == (of_run(run_of(*cases)).hit_rate, of_run(run_of(*cases)).hit_rate_by)
    counted = of_run(run_of(*cases, server=served(1020, 2, cache_queries=100, cache_hits=40)))
    assert (0.4, "server") == (counted.hit_rate, counted.hit_rate_by)
    unused = of_run(run_of(*cases, server=served(1020, 2, cache_queries=0, cache_hits=0)))
    assert (0.5, "answers") == (unused.hit_rate, unused.hit_rate_by)


def test_equal_counts_agree_to_the_token():
    """20 prompt and 10 generated tokens a call, by the answers and by the server."""
    found = reconcile(run_of(make_case("a"), make_case("b"), server=served(40, 20, finished={"stop": 2})))
    assert found is not None
    assert found.equal
    assert found.sentence == "The server's own counters agree with its answers: 40 prompt and 20 generated tokens."


@pytest.mark.parametrize(
    "calls, finished, reason",
    [
        ([make_call(attempts=2)], 2, "1 attempt brought no answer"),
        ([make_call(), make_call(error="late", usage=Usage(), attempts=2)], 1, "2 attempts brought no answer"),
        ([make_call()], 3, "It ended 3 requests where 1 are the run's"),
        ([make_call()], 1, "counts otherwise than it tells"),
    ],
)
def test_counts_that_differ_say_by_how_much_and_why(calls, finished, reason):
    """Retried, abandoned, or somebody else's: the difference is never silent."""
    server = served(41, 8, finished={"stop": finished})
    found = reconcile(run_of(make_case("a", calls=tuple(calls)), server=server))
    assert found is not None
    assert not found.equal
    assert "21 more prompt and 2 fewer generated tokens than its answers told" in found.sentence
    assert reason in found.sentence


def test_answers_without_counts_cannot_be_reconciled():
    """Then the server's count stands alone, and is not called equal."""
    silent = make_call(usage=Usage(prompt_tokens=None, completion_tokens=None))
    found = reconcile(run_of(make_case("a", calls=(silent,)), server=served(41, 8)))
    assert found is not None
    assert not found.equal
    assert "not all of its answers told theirs" in found.sentence


def test_a_run_whose_server_was_not_read_has_nothing_to_reconcile():
    """Older folders, continued runs, other servers."""
    assert reconcile(run_of(make_case("a"))) is None
