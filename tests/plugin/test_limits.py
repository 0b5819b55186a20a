"""A session stops inside its limits, says so in one sentence, keeps what it has, and goes on with higher ones."""

import json
import re

import pytest

from dspysota.testing import FakeServer
from tests.plugin.projects import EVALS, MODEL, PROFILE, Project, added, asked

pytest_plugins = ["pytester"]

PRICED = PROFILE.replace("smollm2-135m: {}", "smollm2-135m: {price: {prompt: 1000, completion: 1000}}")
"""A thousandth of a dollar for a token, which at the fake server is a word."""

COMPILED = PRICED.replace("approach: [zero_shot, few_shot]", "approach: bootstrap")


def billed(server):
    """Dollars that the server would charge for all it was asked, by its own record."""
    words = [len(" ".join(message["content"] for message in one.body["messages"]).split()) for one in server.requests]
    return sum(words) / 1000  # and the answers, which are at least one word each


def spent(project):
    """Dollars in the latest folder's own file."""
    lines = (project.latest / "spending.jsonl").read_text().splitlines()
    entries = [json.loads(line) for line in lines]
    assert 0 == pytest.approx(sum(entry.get("aside", 0) for entry in entries), abs=1e-9)
    return sum(entry.get("spent", 0) for entry in entries)


@pytest.mark.parametrize("workers", [[], ["-n2"]])
def test_a_session_stops_inside_its_dollars_and_goes_on_with_more(project, server, workers):
    """What the questions may cost is set aside before they are asked; later tests start nothing; nothing is lost."""
    project.profile(PRICED)

    result = project.run("--sota-max-cost", "0.75", *workers)

    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(
        ["*LimitReachedError: Stopped by --sota-max-cost 0.75: * USD are spent*", "*not finished*"]
    )
    result.stdout.fnmatch_lines(["*the same command with a higher limit goes on*"])
    before = len(asked(server))
    assert 0 < before < 20
    assert 0.1 < spent(project) <= 0.75
    assert billed(server) <= spent(project)
    assert "running" == project.manifest()["status"]
    assert "Stopped by --sota-max-cost 0.75" in (project.latest / "summary.md").read_text()

    project.run("--sota-max-cost", "0.75", *workers).assert_outcomes(failed=2)
    assert before == len(asked(server))

    project.run("--sota-max-cost", "100", *workers).assert_outcomes(passed=2)
    assert sorted(2 * list(range(10))) == asked(server)
    assert 1 == len(project.folders)
    assert 20 == len(project.cases())


def test_a_test_whose_run_is_there_passes_although_the_limit_is_reached(project, server):
    """What is measured is measured: only what would have to be asked is refused."""
    project.profile(PRICED)
    project.tests(EVALS + f"\n\ndef test_again(sota):\n    sota.run(task='gsm8k', model={MODEL!r})\n")

    result = project.run("--sota-max-cost", "1")

    result.assert_outcomes(passed=2, failed=1)
    assert list(range(10)) == asked(server)
    assert 10 * 0.03 < spent(project) <= 1


def test_a_model_without_a_price_is_refused_before_anything_is_asked(project, server):
    """An unknown price is not zero; the message says where to write one."""
    result = project.run("--sota-max-cost", "1")

    assert 4 == result.ret
    result.stderr.fnmatch_lines(["*--sota-max-cost cannot count what 'smollm2-135m' costs*price: {prompt*"])
    assert () == server.requests
    assert not (project.path / "reports").exists()


def test_a_model_without_a_price_is_refused_in_workers_too(project, server):
    """Workers cannot end a session, so every test says it, and none asks."""
    result = project.run("--sota-max-cost", "1", "-n2")

    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(["*--sota-max-cost cannot count what 'smollm2-135m' costs*"])
    assert () == server.requests


def test_models_that_were_not_selected_need_no_price(project, server):
    """-k chooses first."""
    project.profile(PRICED + "  - {task: gsm8k, model: phi-2, approach: zero_shot, role: reference}\n")

    project.run("--sota-max-cost", "100", "-k", "smollm2-135m-zero_shot").assert_outcomes(passed=1)


def test_a_server_that_reports_no_tokens_cannot_be_limited_in_dollars(installed):
    """Unknown is not zero: it is refused at the first answer, of a training question, before any test question."""
    with FakeServer(added, name=MODEL, lacks={"usage"}) as server:
        other = Project(installed, server.base_url)
        other.profile(PRICED)
        result = other.run("--sota-max-cost", "100", "-k", "zero_shot")

        result.assert_outcomes(failed=1)
        result.stdout.fnmatch_lines(["*does not report the tokens of its answers*--sota-max-minutes*"])
        assert [] == asked(server)


def test_a_limit_that_is_too_small_for_anything_lets_nothing_be_asked(project, server):
    """Not even the request that warms the server up, which is paid for like any other."""
    project.profile(PRICED)

    result = project.run("--sota-max-cost", "0.0000001", "-k", "zero_shot")

    result.assert_outcomes(failed=1)
    assert () == server.requests


def test_a_limit_ends_a_compilation_which_goes_on_with_a_higher_one(project, server):
    """Nothing that was paid for is asked again, and the program is the one that an unlimited search finds."""
    project.profile(COMPILED)

    result = project.run("--sota-max-cost", "0.6")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*Stopped by --sota-max-cost 0.6*"])
    first = [request.question for request in server.requests if request.body["max_tokens"] > 1]
    assert first
    assert [] == asked(server)
    assert spent(project) <= 0.6

    project.run("--sota-max-cost", "100").assert_outcomes(passed=1)
    trained = [request.question for request in server.requests if request.body["max_tokens"] > 1][: -len(asked(server))]
    assert len(trained) == len(set(trained))
    assert 10 == len(project.cases())
    (info,) = project.manifest()["runs"]
    assert info["compile"]["stopped"] is None
    # Money is set aside while requests are in flight: the limit meets the compilation, or else the questions after it.
    assert info["compile"]["sessions"] == (1 if info["compile"]["reused"] else 2)
    assert trained == first or not info["compile"]["reused"]


@pytest.mark.parametrize("workers", [[], ["-n2"]])
def test_minutes_end_a_session_and_the_same_command_goes_on(project, server, workers):
    """They count from the session's start, in the controller; no question is asked that would end later."""
    result = project.run("--sota-max-minutes", "0.0001", *workers)

    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(["*Stopped by --sota-max-minutes 0.0001: *minutes have passed*"])
    result.stdout.fnmatch_lines(["*the same command goes on where this one stopped*"])
    assert () == server.requests

    project.run("--sota-max-minutes", "30").assert_outcomes(passed=2)
    assert 20 == len(project.cases())


@pytest.mark.parametrize(
    "option, value", [("--sota-max-cost", "-1"), ("--sota-max-minutes", "nan"), ("--sota-ask-twice", "much")]
)
def test_a_value_that_makes_no_sense_is_named(project, option, value):
    """With what it must be."""
    result = project.run(f"{option}={value}")

    assert 4 == result.ret
    result.stderr.re_match_lines([f".*{option} is '{re.escape(value)}'; it must be a (number above 0|share).*"])
