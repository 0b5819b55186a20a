"""Who decides what came of a run: a test that compares it with a threshold, and no other."""

from xml.etree import ElementTree

import pytest

from tests.plugin.projects import EVALS, PROFILE

pytest_plugins = ["pytester"]

LOOKING = """

@pytest.mark.sota(task="gsm8k")
def test_looking(sota, cell):
    assert sota.run(cell).score() < 0.5, "the model is too good"
"""


def judged(project):
    """(name, verdict) of every run, and (name, type, message) of every other test case, from the JUnit file."""
    cases = ElementTree.parse(project.latest / "junit.xml").findall(".//testcase")
    runs, others = [], []
    for case in cases:
        values = {one.get("name"): one.get("value") for one in case.iter("property")}
        if "verdict" in values:
            runs.append((case.get("name"), values["verdict"]))
        else:
            others += [(case.get("name"), one.get("type"), one.get("message")) for one in case.findall("failure")]
    return sorted(runs), others


@pytest.mark.parametrize("workers", ["-n0", "-n2"])
def test_a_run_that_cleared_its_bar_is_not_failed_by_another_test(project, workers):
    """The other test's failure is listed apart, and turns the report red all the same."""
    project.tests(EVALS + LOOKING)

    result = project.run(workers, "-k", "zero_shot")
    runs, others = judged(project)

    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["PASS*zero_shot*1.000*"])
    assert [("test_sums.py::test_gsm8k[smollm2-135m-zero_shot]", "passed")] == runs
    assert [
        ("test_sums.py::test_looking[smollm2-135m-zero_shot]", "Test", "AssertionError: the model is too good")
    ] == others
    assert 'failures="1"' in (project.latest / "junit.xml").read_text()
    for name in ("summary.md", "report.html"):
        text = (project.latest / name).read_text()
        assert "1 test failed for another reason than a bar; the run cleared its bar" in text
        assert "the model is too good" in text
        assert "missed its bar" not in text


def test_a_run_that_met_no_bar_is_not_judged(project):
    """Neither a test that passed nor one that failed says that it cleared, or missed, what nobody set."""
    project.tests("import pytest\n" + LOOKING + LOOKING.replace("_looking", "_other", 1).replace("<", ">"))

    project.run("-k", "zero_shot").assert_outcomes(passed=1, failed=1)
    runs, _ = judged(project)

    assert ["not judged"] == [verdict for _, verdict in runs]


def test_a_test_that_clears_its_bar_and_fails_afterwards_fails_apart(project):
    """The bar was cleared; what came later is the test's own trouble."""
    project.tests(EVALS + "    assert run.info.seed == 7\n")

    project.run("-k", "zero_shot").assert_outcomes(failed=1)
    runs, others = judged(project)

    assert ["passed"] == [verdict for _, verdict in runs]
    assert ["Test"] == [kind for _, kind, _ in others]


def test_the_harder_of_two_bars_decides(project):
    """A run that one test lets pass and another does not has missed a bar, whichever comes first."""
    project.profile(PROFILE.replace("errors: 0", "tokens_per_question: 1"))
    lenient = EVALS.replace("test_gsm8k", "test_{}").replace("sota.threshold(cell, run)", "Threshold(accuracy=0.5)")
    both = [lenient.format(name) for name in ("before", "after")]
    text = f"from dspysota import Threshold\n{both[0]}{EVALS}{both[1]}"
    project.tests(text)

    result = project.run("-k", "zero_shot")
    runs, others = judged(project)

    result.assert_outcomes(passed=2, failed=1)
    assert [("test_sums.py::test_gsm8k[smollm2-135m-zero_shot]", "failed")] == runs
    assert [] == others


def test_a_miss_that_a_test_expects_fails_nothing(project):
    """What a test catches, or is marked to meet, is no verdict."""
    project.profile(PROFILE.replace("errors: 0", "tokens_per_question: 1"))
    project.tests(EVALS.replace("assert run", "assert not run"))

    project.run("-k", "zero_shot").assert_outcomes(passed=1)
    runs, others = judged(project)

    assert (["not judged"], []) == ([verdict for _, verdict in runs], others)
