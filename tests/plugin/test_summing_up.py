"""What the end of a session counts, and says once."""

import re

import pytest

from tests.plugin.claimed import EVALS, PROFILE

pytest_plugins = ["pytester"]

COMPARED = (
    EVALS
    + """
@pytest.mark.sota(task="gsm8k", against="reference")
def test_beside(sota, cell):
    sota.compare(sota.run(cell), sota.reference(cell))

@pytest.mark.sota(task="gsm8k")
def test_bar(sota, cell):
    run = sota.run(cell)
    assert run >= sota.threshold(cell, run)
"""
)


@pytest.mark.parametrize("workers", ["-n0", "-n2"])
def test_runs_that_could_not_be_measured_are_counted_as_runs(claimed, workers):
    """Four tests need two runs, and no server answers: that is two runs, not four."""
    project = claimed(right=40)
    project.tests(COMPARED)
    project.small.stop()
    project.large.stop()

    project.run(workers)
    summary = (project.latest / "summary.md").read_text()

    assert "2 runs that 4 tests asked for could not be measured" in summary.splitlines()[0]
    assert "2 runs that 4 tests asked for could not be measured" in (project.latest / "report.html").read_text()
    assert 4 == summary.count("** could not be measured: ")


def test_a_ratio_that_a_claim_decided_is_said_once_with_its_level(claimed):
    """The plain comparison of the same two runs would have another interval."""
    project = claimed(right=37)
    project.tests(COMPARED)

    said = project.run().stdout.str()

    assert "difference" not in said
    assert 1 == said.count(
        "intervals in parentheses: 90% or more at an error rate of 5%; 95% where nothing was claimed"
    )


def test_a_comparison_beside_no_claim_says_its_level(claimed):
    """Difference and ratio have 95% intervals."""
    project = claimed(right=37)
    project.tests(COMPARED)
    project.profile(PROFILE.replace("claim: {quality_ratio: 0.9}\n", ""))

    said = project.run("-k", "test_beside").stdout.str()

    assert re.search(r"difference -0\.075 \(95%: -0\.\d+\.\.[+-]0\.\d+, n=40\), ratio 0\.93 \(95%: 0\.\d+\.\.", said)
