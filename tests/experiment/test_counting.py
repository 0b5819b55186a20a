"""When a server's own count is kept with a run."""

import pytest

from dspysota.experiment.counting import counted, kept
from dspysota.records import ModelInfo, Run, ServerCounts
from dspysota.serving import connect
from dspysota.testing import FakeServer
from tests.factories import make_case, make_info
from tests.testing.test_fake_server import ask

COUNTS = ServerCounts(prompt_tokens=20, generation_tokens=10)
MORE = ServerCounts(prompt_tokens=21, generation_tokens=10)


def run_on(backend):
    model = ModelInfo(name="m", digest=None, backend=backend, served_name="m", base_url="http://127.0.0.1:1/v1")
    return Run(info=make_info(model=model), cases=(make_case(),))


@pytest.mark.parametrize(
    "backend, counts, stays",
    [
        ("vllm-cpu", COUNTS, True),
        ("vllm-cpu", MORE, True),
        ("endpoint", COUNTS, True),
        ("endpoint", MORE, False),
        ("endpoint", None, False),
    ],
)
def test_a_count_that_may_be_of_others_is_not_the_runs(backend, counts, stays):
    """On our own server a difference is a finding; elsewhere it may be somebody else's, and only equal counts stay."""
    run = run_on(backend)
    assert kept(run, counts).info.server == (counts if stays else None)
    assert kept(run, counts).cases == run.cases


def test_what_was_asked_before_is_not_counted():
    """Warm-up and preparing are over when the first reading is taken."""
    with FakeServer("one two") as server:
        endpoint = connect("fake", server.base_url)
        ask(server)
        answer, counts = counted(endpoint, lambda: ask(server).status)
        ask(server)

    assert (200, 5, 2) == (answer, counts and counts.prompt_tokens, counts and counts.generation_tokens)


def test_a_run_that_goes_on_is_not_counted():
    """Its first part was asked before: a count of the rest would be no count of the run."""
    with FakeServer("one two") as server:
        assert (200, None) == counted(connect("fake", server.base_url), lambda: ask(server).status, whole=False)
