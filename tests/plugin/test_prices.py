"""Prices of a profile, from the command to the report."""

import json

from dspysota import costs
from dspysota.cli import main
from dspysota.store import load_runs
from tests.plugin.projects import PROFILE, asked
from tests.plugin.test_continuing import kill, start_and_wait

pytest_plugins = ["pytester"]


def at(price):
    """The project's profile with a list price, in dollars per million tokens of either kind."""
    priced = PROFILE.replace("{}", f"{{price: {{prompt: {price}, completion: {price}}}}}")
    return priced.replace("seed: 0", "seed: 0\ncost: list")


def usd(folder):
    return sorted(costs.usd_per_question(run) for run in load_runs(folder))


def test_a_run_keeps_its_prices_and_every_report_says_what_it_cost(project):
    """Records hold price, source and basis; the terminal has a column, the reports a section or lines."""
    project.profile(at(10))

    result = project.run("-k", "zero_shot")

    result.assert_outcomes(passed=1)
    (info,) = project.manifest()["runs"]
    assert ("list", 10.0, "as the profile says") == (
        info["prices"]["basis"],
        info["prices"]["tokens"]["prompt"],
        info["prices"]["tokens"]["source"],
    )
    assert "cost/q" in result.stdout.str()
    assert "What it cost" in (project.latest / "report.html").read_text()
    assert "a correct answer" in (project.latest / "summary.md").read_text()
    assert "usd_per_question" in (project.latest / "junit.xml").read_text()


def test_without_a_price_nothing_is_said_of_dollars(project):
    """No column, no line, no property: not even a 0."""
    result = project.run("-k", "zero_shot")

    assert "cost/q" not in result.stdout.str()
    assert "$" not in (project.latest / "summary.md").read_text()
    assert "usd_per_question" not in (project.latest / "junit.xml").read_text()


def test_an_interrupted_command_goes_on_under_another_price(project, server):
    """The price is changed between death and return: nothing is asked twice for it, and all runs have the new one."""
    project.profile(at(10))
    process = start_and_wait(project, server, 17)
    kill(process)
    server.release()
    project.profile(at(20))

    project.run().assert_outcomes(passed=2)

    assert 1 == len(project.folders)
    assert len(asked(server)) - 20 <= 4
    assert {20.0} == {info["prices"]["tokens"]["prompt"] for info in project.manifest()["runs"]}


def test_finished_runs_are_counted_anew_without_asking_anything(project, server, tmp_path, monkeypatch):
    """`dspysota report --prices` gives a report by other prices; what is stored stays as it was."""
    project.profile(at(10))
    project.run("-k", "zero_shot")
    before, (once,) = len(server.requests), usd(project.latest)
    project.profile(at(20))
    monkeypatch.chdir(project.path)

    assert 2 == main(["report", str(project.latest), "--prices", "sums"])
    assert 0 == main(["report", str(project.latest), "--prices", "sums", "--output", str(tmp_path / "again")])

    assert before == len(server.requests)
    assert [once] == usd(project.latest)
    assert "$20 + $20 a million tokens" in (tmp_path / "again" / "report.html").read_text()
    assert "$10 + $10 a million tokens" in (project.latest / "report.html").read_text()


def test_the_reference_and_its_role_are_in_the_record(project):
    """Reports are made of records alone, and what is paid back is paid back against the reference."""
    project.profile(
        at(10) + "  - {task: gsm8k, model: smollm2-135m, approach: zero_shot, program: direct, role: reference}\n"
    )
    project.run()

    roles = {info["program"]: info["role"] for info in json.loads((project.latest / "run.json").read_text())["runs"]}
    assert {"cot": "candidate", "direct": "reference"} == roles
