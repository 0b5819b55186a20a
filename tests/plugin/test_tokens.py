"""A server that does not say how many tokens its answers took: unknown, never none."""

from xml.etree import ElementTree

import pytest

from dspysota.testing import FakeServer
from tests.plugin.projects import MODEL, PROFILE, Project, added

pytest_plugins = ["pytester"]

BOTH = """
import pytest

@pytest.mark.sota(task="gsm8k", against="reference")
def test_both(sota, cell):
    sota.compare(sota.run(cell), sota.reference(cell))
"""


@pytest.fixture
def server():
    with FakeServer(added, name=MODEL, lacks={"usage"}) as server:
        yield server


def test_a_bar_of_tokens_is_missed(project):
    """A gate that nobody measured is red, and says why; other bars are judged as ever."""
    project.profile(PROFILE.replace("errors: 0", "tokens_per_question: 1"))

    result = project.run("-k", "zero_shot")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["E*tokens per question cannot be judged: the server reported them for 0 of 10 cases", "FAIL*not reported*"]
    )


def test_a_report_says_that_they_were_not_reported(project):
    """Wherever tokens are shown, no 0 stands for what is not known, and the chart says who is not in it."""
    project.run("--html", "all.html", "--self-contained-html").assert_outcomes(passed=2)

    page, summary = (project.latest / "report.html").read_text(), (project.latest / "summary.md").read_text()
    assert "not reported" in page
    assert "0 tok" not in page
    assert 2 == summary.count("| not reported |")
    assert "not reported" in (project.path / "all.html").read_text()
    names = [one.get("name") for one in ElementTree.parse(project.latest / "junit.xml").iter("property")]
    assert "tokens_per_question" not in names
    usages = [call["usage"] for case in project.cases() for call in case["calls"]]
    assert {(usage["prompt_tokens"], usage["completion_tokens"]) for usage in usages} == {(None, None)}


def test_a_comparison_knows_no_ratio_of_tokens(installed, server):
    """Nothing over nothing is no ratio."""
    project = Project(installed, server.base_url)
    project.profile(PROFILE.replace("[zero_shot, few_shot]}", "few_shot}") + "  - {task: gsm8k, model: smollm2-135m, "
                    "approach: zero_shot, role: reference}\n")  # fmt: skip
    installed.makepyfile(test_both=BOTH)

    result = project.run("-k", "test_both")

    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*ratio 1.00 (*), tokens ratio not known"])
