"""A model server's own counters, read at rest, and whatever is no such page."""

import pytest

from dspysota.records import ModelInfo, ServerCounts, Timed
from dspysota.serving import Endpoint, connect, counters
from dspysota.testing import FakeServer
from tests.testing.test_fake_server import ask

PAGE = """
# HELP vllm:prompt_tokens_total Number of prefill tokens processed.
# TYPE vllm:prompt_tokens_total counter
vllm:prompt_tokens_total{engine="0",model_name="m"} 1.2e+06
vllm:prompt_tokens_total{engine="1",model_name="m"} 5.0
# TYPE vllm:prompt_tokens_created gauge
vllm:prompt_tokens_created{engine="0",model_name="m"} 1.7956595860764453e+09
vllm:generation_tokens_total{engine="0",model_name="m"} 7.0
vllm:generation_tokens_total{engine="1",model_name="m"} 0.0
vllm:prefix_cache_queries_total{engine="0",model_name="m"} 40.0
vllm:prefix_cache_hits_total{engine="0",model_name="m"} 10.0
vllm:request_success_total{engine="0",finished_reason="stop",model_name="m"} 2.0
vllm:request_success_total{engine="1",finished_reason="stop",model_name="m"} 1.0
vllm:request_success_total{engine="0",finished_reason="abort",model_name="m"} 0.0
vllm:request_queue_time_seconds_bucket{engine="0",le="0.3",model_name="m"} 2.0
vllm:request_queue_time_seconds_count{engine="0",model_name="m"} 2.0
vllm:request_queue_time_seconds_sum{engine="0",model_name="m"} 0.5
vllm:num_requests_running{engine="0",model_name="m"} 2.0
vllm:num_requests_waiting{engine="1",model_name="m"} 1.0
http_requests_total{method="GET"} 4.0
"""


def at(base_url, name="fake"):
    info = ModelInfo(name=name, digest=None, backend="endpoint", served_name=name, base_url=base_url)
    return Endpoint(base_url=base_url, served_name=name, api_key=None, info=info)


def test_engines_of_the_model_are_summed():
    """vLLM counts for each engine apart; a run is spread over all of them."""
    reading = counters.parse(PAGE, "m")

    assert reading is not None
    assert (1_200_005, 7, {"stop": 3}) == (
        reading.counts.prompt_tokens,
        reading.counts.generation_tokens,
        reading.counts.finished,
    )
    assert (Timed(seconds=0.5, count=2), None) == (reading.counts.queue, reading.counts.prefill)
    assert (0.25, None, 3) == (reading.counts.hit_rate, reading.counts.preemptions, reading.in_flight)


def test_a_model_served_under_several_names_is_the_only_one_of_the_page():
    """vLLM labels by the first of its served names; of two models the one that was asked is meant."""
    other = PAGE.replace('"m"', '"n"')

    assert counters.parse(PAGE, "alias") == counters.parse(PAGE, "m")
    assert counters.parse(PAGE + other, "m") == counters.parse(PAGE, "m")
    assert counters.parse(PAGE + other, "alias") is None


@pytest.mark.parametrize(
    "page",
    [
        "",
        "<html>not found</html>",
        "llamacpp:prompt_tokens_total 5",
        "vllm:prompt_tokens_total 5",
        "vllm:prompt_tokens_total NaN\nvllm:generation_tokens_total 3",
        "vllm:prompt_tokens_total +Inf\nvllm:generation_tokens_total 3",
        "vllm:prompt_tokens_total -1\nvllm:generation_tokens_total 3",
        "vllm:prompt_tokens_total 5\nvllm:generation_tokens_total{",
        'vllm:prompt_tokens_total{model_name="' + "\\" * 1999 + "\nvllm:generation_tokens_total 3",
        "vllm:prompt_tokens_total 5\nvllm:generation_tokens_total " + "9" * 1000,
    ],
)
def test_what_is_no_page_of_vllm_tells_nothing(page):
    """Another server, or a hostile one: no count and no error."""
    assert counters.parse(page, "m") is None


def test_the_page_lies_beside_the_version_of_the_url():
    """A server below a path has its counters below the same path."""
    with FakeServer("one two") as server:
        ask(server)
        reading = counters.read(connect("fake", server.base_url))

    assert reading is not None
    assert (5, 2, {"stop": 1}, 0) == (
        reading.counts.prompt_tokens,
        reading.counts.generation_tokens,
        reading.counts.finished,
        reading.in_flight,
    )


def test_a_server_without_counters_or_no_server_at_all_tells_nothing():
    """Cloud APIs have no such page; a server that died has nothing."""
    with FakeServer("x", lacks=["metrics"]) as server:
        found = counters.read(at(server.base_url))
    assert (None, None) == (found, counters.read(at(server.base_url)))


def test_a_page_without_an_end_is_left(monkeypatch):
    """What is read is bounded."""
    monkeypatch.setattr(counters, "MAX_PAGE", 100)
    with FakeServer("x") as server:
        assert counters.read(at(server.base_url)) is None


def counts(tokens=5, **fields):
    return ServerCounts(prompt_tokens=tokens, generation_tokens=1, **fields)


def test_a_server_is_read_at_rest():
    """The last answer may be counted after it came: only what stays the same, with nothing in flight, is taken."""
    late = [(5, 1), (5, 0), (8, 0), (8, 1), (8, 0), (8, 0), (9, 0)]
    look = iter([counters.Reading(counts(tokens), running) for tokens, running in late])
    pauses: list[float] = []

    found = counters.settled(lambda: next(look), clock=lambda: 0.0, sleep=pauses.append)

    assert counts(8) == found
    assert 5 == len(pauses)


def test_a_server_that_does_not_come_to_rest_is_given_up():
    """Others are asking it: there is no count of the run's own, and nobody waits for ever."""
    now = iter(range(100))
    look = counters.Reading(counts(), 1)
    assert counters.settled(lambda: look, clock=lambda: next(now), sleep=lambda _: None) is None
    assert next(now) < 15


def test_a_server_that_goes_while_it_is_waited_for_tells_nothing():
    """Half a reading is none."""
    look = iter([counters.Reading(counts(), 1), None])
    assert counters.settled(lambda: next(look), sleep=lambda _: None) is None


def test_a_difference_is_taken_counter_by_counter():
    """What was counted before is not the run's; a reason that did not occur is left out."""
    before = counts(5, finished={"stop": 2, "length": 1}, queue=Timed(seconds=1.0, count=3), cache_hits=4)
    after = counts(9, finished={"stop": 5, "length": 1}, queue=Timed(seconds=1.5, count=5), cache_hits=4, preemptions=1)

    assert after.since(before) == ServerCounts(
        prompt_tokens=4,
        generation_tokens=0,
        finished={"stop": 3},
        queue=Timed(seconds=0.5, count=2),
        cache_hits=0,
    )


def test_a_server_that_was_started_anew_has_no_difference():
    """A counter that went back counts another life."""
    assert counts(4).since(counts(5)) is None
    assert counts(finished={}).since(counts(finished={"stop": 1})) is None
