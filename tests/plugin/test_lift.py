"""`pytest --sota-lift`: the steps to an optimized program are measured beside it, each once."""

import json

import pytest

from dspysota.cli import main
from dspysota.testing import FakeServer
from tests.lift.kept import instruct
from tests.plugin.projects import MODEL, PROFILE, Project, added, asked

pytest_plugins = ["pytester"]


def profile(cells="approach: [zero_shot, bootstrap]"):
    return PROFILE.replace("approach: [zero_shot, few_shot]", cells)


@pytest.fixture
def home(tmp_path, monkeypatch, installed):
    """The cache that the measured command uses."""
    monkeypatch.setenv("DSPYSOTA_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


def measured(project):
    """(program, approach, adapter) of every run, sorted."""
    runs = project.manifest()["runs"]
    return sorted((run["program"], run["approach"], run["adapter"]) for run in runs)


def ladders(project, capsys):
    """The ladders that `dspysota lift` finds."""
    capsys.readouterr()
    assert main(["lift", str(project.latest), "--json"]) == 0
    return json.loads(capsys.readouterr().out)["ladders"]


def ladder(project, capsys):
    """The only ladder that `dspysota lift` finds."""
    (found,) = ladders(project, capsys)
    return found


def train_requests(server):
    """The requests of compilations: training questions, warm-up left out."""
    return sum("has 1 apples" in one.question and one.body["max_tokens"] > 1 for one in server.requests)


def test_the_steps_to_an_optimized_program_are_runs_beside_it(home, project, server, capsys):
    """What the profile measures anyway is a step as it is; what it lacks is measured on the same rows, once."""
    project.profile(profile())

    result = project.run("--sota-lift", "--sota-limit", "4")
    found = ladder(project, capsys)

    result.assert_outcomes(passed=2)
    assert measured(project) == [
        ("cot", "bootstrap", "plain"),
        ("cot", "zero_shot", "chat"),
        ("cot", "zero_shot", "plain"),
    ]
    # The chat adapter asks again, as JSON, what it cannot read.
    assert len(asked(server)) == (1 + 1 + 2) * 4
    assert [step["state"] for step in found["steps"]] == ["measured", "measured", "no change", "measured"]
    assert [step["score"] for step in found["steps"]] == [0.0, 1.0, 1.0, 1.0]
    assert "Where the lift came from" in (project.latest / "report.html").read_text()
    assert "Where the lift came from" in (project.latest / "summary.md").read_text()


def test_without_the_option_nothing_more_is_measured(home, project, capsys):
    """The ladder then says which step is missing, and with which command it is measured."""
    project.profile(profile())

    project.run("--sota-limit", "4").assert_outcomes(passed=2)
    found = ladder(project, capsys)
    main(["lift", str(project.latest)])

    assert len(project.manifest()["runs"]) == 2
    assert [step["state"] for step in found["steps"]] == ["missing", "measured", "no change", "measured"]
    assert "--sota-limit 4 --sota-lift" in capsys.readouterr().out


def test_changed_instructions_are_a_step_of_their_own(home, project, capsys):
    """The compiled program without its demonstrations is asked the same rows, and the model sees its instructions."""
    project.profile(profile("approach: bootstrap"))
    project.run("--sota-limit", "4")
    instruct(home, "Count the apples.", validation_score=0.5, validation_rows=4, candidates=2)

    project.run("--sota-limit", "4", "--sota-lift").assert_outcomes(passed=1)
    found = ladder(project, capsys)
    asked = {run["approach"]: run["key"] for run in project.manifest()["runs"] if run["adapter"] == "plain"}
    lines = map(json.loads, (project.latest / "cases.jsonl").read_text().splitlines())
    prompts = [one["case"]["calls"][0]["messages"] for one in lines if one["run"] == asked["bootstrap:instructions"]]

    assert [step["state"] for step in found["steps"]] == ["measured"] * 4
    assert [step["approach"] for step in found["steps"]][2:] == ["bootstrap:instructions", "bootstrap"]
    assert len(prompts) == 4
    assert all(len(turns) == 1 and "Count the apples." in turns[0]["content"] for turns in prompts)
    assert any(
        "Chosen among 2 by 0.500 on 4 validation rows; held out it scores 1.000" in s for s in found["sentences"]
    )


def test_a_search_that_kept_the_unprepared_program_needs_only_the_default_format(home, project, capsys):
    """The same program through the same adapter is not asked again under another name."""
    project.profile(profile("approach: bootstrap"))
    project.run("--sota-limit", "4")
    instruct(home, "Solve the math problem.", demonstrations=False)

    project.run("--sota-limit", "4", "--sota-lift").assert_outcomes(passed=1)

    assert ladder(project, capsys)["kept_unprepared"]
    assert measured(project) == [("cot", "bootstrap", "plain"), ("cot", "zero_shot", "chat")]


def test_samples_are_a_step_over_the_same_program(home, project, server, capsys):
    """Even when all is measured anew, the program is looked for once, and the samples are of the one that was found."""
    project.profile(profile("approach: bootstrap, program: cot+vote2"))

    project.run("--sota-limit", "2", "--sota-no-cache", "-k", "vote2")
    once = train_requests(server)
    project.run("--sota-limit", "2", "--sota-no-cache", "--sota-lift").assert_outcomes(passed=1)
    _, found = sorted(ladders(project, capsys), key=lambda one: len(one["steps"]))  # the base program's own is first
    whole = {run["compile"]["program_digest"] for run in project.manifest()["runs"] if run["approach"] == "bootstrap"}

    # Four successes are wanted, and at most three questions more are under way: twice would be eight or more.
    assert train_requests(server) - once < 8
    assert ("cot", "bootstrap", "plain") in measured(project)
    assert [step["name"] for step in found["steps"]][-2:] == ["demonstrations", "samples"]
    assert "missing" not in [step["state"] for step in found["steps"]]
    assert len(whole) == 1


def test_a_step_that_cannot_be_measured_fails_nothing(home, installed, capsys):
    """A model without a chat template cannot be asked by DSPy's default; the summary says so, the experiment counts."""
    with FakeServer(added, name=MODEL, lacks={"chat_template"}) as server:
        project = Project(installed, server.base_url)
        project.profile(profile("approach: bootstrap, adapter: completion"))
        result = project.run("--sota-limit", "4", "--sota-lift")

    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(
        [f"lift of {MODEL}-bootstrap-completion: {MODEL}-zero_shot-chat could not be measured:*"]
    )
    assert ladder(project, capsys)["steps"][0]["state"] == "missing"


def test_workers_share_the_steps(home, project, server):
    """Under `-n 2` the runs are those of a plain session, each question asked once a run."""
    project.profile(profile())

    project.run("--sota-limit", "4", "--sota-lift", "-n2").assert_outcomes(passed=2)

    assert len(measured(project)) == len(set(measured(project))) == 3
    assert len(asked(server)) == (1 + 1 + 2) * 4


def test_a_part_may_be_a_cell_of_the_profile(home, project):
    """A program without its demonstrations is an approach like others, with an id of its own."""
    project.profile(profile("approach: ['bootstrap:instructions']"))

    result = project.run("--sota-limit", "4", "-v")

    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines([f"*test_gsm8k*{MODEL}-bootstrap:instructions*"])
