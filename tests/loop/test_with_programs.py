"""The loop and the real solver agree on what a lost server looks like."""

import socket

import pytest

from dspysota import programs
from dspysota.errors import RunError
from dspysota.loop import evaluate
from dspysota.records import Failure
from dspysota.testing import FakeServer, Fault
from tests.loop.asking import RULES, make_examples


def make_solver(base_url):
    lm = programs.make_lm(base_url, "fake", None, max_tokens=100, retries=0)
    return programs.make_solver(programs.create("gsm8k", "cot"), lm, "plain")


def run(base_url, n=20):
    return evaluate(make_solver(base_url), make_examples(n), concurrency=4, **RULES)


def test_a_port_that_nobody_listens_on_stops_the_run():
    """Refused connections are recognized, whatever words the solver's client library has for them."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(RunError, match="stopped answering"):
        run(f"http://127.0.0.1:{port}/v1")


def test_connections_that_break_stop_the_run():
    """A server that dies in the middle breaks connections instead of refusing them: the same."""
    lost = lambda number, question: Fault("close") if number >= 4 else None  # noqa: E731
    with FakeServer("#### 4", faults=lost) as server, pytest.raises(RunError, match="stopped answering"):
        run(server.base_url)


@pytest.mark.parametrize("kind", ["error", "garbage", "overflow", "busy"])
def test_a_server_that_answers_nonsense_is_measured(kind):
    """Any HTTP response, however useless, is an answer: the run ends, with errors as its cases."""
    with FakeServer("#### 4", faults=lambda number, question: Fault(kind)) as server:
        found = run(server.base_url)
    expected = Failure.CONTEXT_OVERFLOW if kind == "overflow" else Failure.SERVER_ERROR
    assert {case.failure for case in found.cases} == {expected}
