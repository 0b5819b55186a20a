"""The server's own counters in the records of a session, and in its reports."""

import pytest

from dspysota.testing import FakeServer, Fault
from tests.plugin.projects import MODEL, Project, added

pytest_plugins = ["pytester"]


def tokens(cases, kind):
    return sum(call["usage"][kind] for case in cases for call in case["calls"])


def test_a_run_holds_what_its_server_counted(project):
    """To the token what the answers told, warm-up left out, for each run of the session apart."""
    project.run().assert_outcomes(passed=2)

    first, second = (info["server"] for info in project.manifest()["runs"])
    cases = project.cases()
    assert tokens(cases, "prompt_tokens") == first["prompt_tokens"] + second["prompt_tokens"]
    assert tokens(cases, "completion_tokens") == first["generation_tokens"] + second["generation_tokens"]
    assert ({"stop": 10}, {"stop": 10}) == (first["finished"], second["finished"])
    assert (10, 10) == (first["queue"]["count"], second["first_token"]["count"])
    assert 2 == (project.latest / "report.html").read_text().count("own counters agree with its answers")


def test_counts_that_do_not_agree_are_not_taken_for_the_runs_own(installed):
    """An answer that was cut off and asked again was paid twice; on a server by URL it could be somebody else's."""
    with FakeServer(added, name=MODEL, faults={3: Fault("cut")}) as server:
        project = Project(installed, server.base_url)
        project.run("-k", "zero_shot").assert_outcomes(passed=1)

    (info,) = project.manifest()["runs"]
    assert info["server"] is None
    assert 2 == max(call["attempts"] for case in project.cases() for call in case["calls"])


@pytest.mark.parametrize("lacks", [["metrics"], ["usage"]])
def test_a_server_that_tells_less_is_measured_all_the_same(installed, lacks):
    """Without counters, or without counts in its answers, there is nothing to reconcile, and nothing fails."""
    with FakeServer(added, name=MODEL, lacks=lacks) as server:
        project = Project(installed, server.base_url)
        project.run("-k", "zero_shot").assert_outcomes(passed=1)

    assert project.manifest()["runs"][0]["server"] is None
