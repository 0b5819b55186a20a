"""Runs that a claim ends as soon as it is decided."""

import pytest

from tests.plugin.claimed import EVALS, PROFILE

pytest_plugins = ["pytester"]

BARS = """

@pytest.mark.sota(task="gsm8k", role="candidate")
def test_bar(sota, cell):
    from dspysota import Threshold
    assert sota.run(cell) >= Threshold(accuracy=0.05)
    sota.compare(sota.run(cell), sota.reference(cell))
"""

DEAD = """
  - {task: gsm8k, model: smollm2-1.7b, approach: zero_shot, role: baseline}
"""

DEAD_TEST = """

@pytest.mark.sota(task="gsm8k", role="baseline")
def test_dead(sota, cell):
    sota.run(cell)
"""


def runs(project):
    """(model, cases, watch) of every stored run."""
    from dspysota.store import load_runs

    return {run.info.model.name: (len(run.cases), run.info.watch) for run in load_runs(project.latest.resolve())}


def test_a_clearly_worse_model_is_not_asked_the_rest(claimed):
    """The reference comes first and is complete; a decided claim saves most questions, and every report says why.

    Without the option the same command asks every question: a run that was ended is not the whole one.
    """
    project = claimed(right=20, rows=100)
    project.tests(EVALS + BARS)

    result = project.run("--sota-sequential")
    small, large = project.questions
    cases, watch = runs(project)["smollm2-135m"]

    result.assert_outcomes(passed=1, failed=1)
    assert (100, "FAIL") == (large, watch.outcome)
    assert small == cases < 60
    result.stdout.fnmatch_lines(
        ["*ended early: the claim is decided (FAIL) after * of 100 questions", "FAIL *", "*The sequential test ended *"]
    )
    result.stdout.fnmatch_lines([f"*(ended early: claim decided, FAIL)*{cases}/100*"])
    result.stdout.no_fnmatch_line("*difference *ratio*")  # the claim has said it
    for name in ("report.html", "summary.md", "junit.xml"):
        assert "ended early: claim decided, FAIL" in (project.latest / name).read_text()

    project.run().assert_outcomes(passed=1, failed=1)

    assert (small + 100, large + 100) == project.questions
    assert (100, None) == runs(project)["smollm2-135m"]


def test_an_open_claim_is_asked_to_the_end(claimed):
    """Nothing decides it on the way; the test on all questions has what is left of the error rate."""
    project = claimed(right=37)

    result = project.run("--sota-sequential")
    cases, watch = runs(project)["smollm2-135m"]

    assert {"inconclusive": 1} == result.parseoutcomes()
    assert ((40, 40), 40, None) == (project.questions, cases, watch.outcome)


def test_the_same_command_does_not_ask_the_rest(claimed):
    """A run that a claim ended is complete: a command that is continued takes it as it is."""
    project = claimed(right=20, rows=100)
    project.profile(PROFILE.replace("cells:", '  smollm2-1.7b: {base_url: "http://127.0.0.1:9/v1"}\ncells:') + DEAD)
    project.tests(EVALS + DEAD_TEST)

    first = project.run("--sota-sequential", "-n2")
    before = project.questions
    second = project.run("--sota-sequential", "-n2")

    for result in (first, second):
        result.assert_outcomes(failed=2)
        result.stdout.fnmatch_lines(["FAIL *", "not finished: *"])
    assert before == project.questions
    assert before[0] < 60


@pytest.mark.parametrize("claim", ["", "claim: {cost_ratio: 0.05}\ncost: parameters"])
def test_without_a_claim_on_quality_nothing_is_ended(claimed, claim):
    """There is nothing to decide early."""
    project = claimed(right=5, rows=30)
    project.profile(PROFILE.replace("claim: {quality_ratio: 0.9}", claim))
    project.tests(BARS.replace("\n\n@", "import pytest\n\n@", 1))

    project.run("--sota-sequential").assert_outcomes(passed=1)

    assert (30, None) == runs(project)["smollm2-135m"]
