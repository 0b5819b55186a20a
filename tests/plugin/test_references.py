"""What a claim is measured against: measured under a policy, or replayed."""

from xml.etree import ElementTree

from tests.plugin.claimed import EVALS, PROFILE

pytest_plugins = ["pytester"]

MEASURE = """

@pytest.mark.sota(task="gsm8k")
def test_measure(sota, cell):
    from dspysota import Threshold
    assert sota.run(cell) >= Threshold(accuracy=0.5, p95_seconds=60)
"""


def words(result, policy):
    """The terminal's line of a policy."""
    (line,) = [one.strip() for one in result.outlines if one.strip().startswith(policy)]
    return line


def test_the_same_program_is_prepared_for_the_references_model(claimed):
    """Only what the claim's policy asks for is measured; the other policies are shown where their runs are there."""
    project = claimed(right=40)
    project.profile(
        PROFILE.replace("0.9}", "0.9, policy: same_program}").replace("135m, approach: zero", "135m, approach: few")
    )

    result = project.run()

    result.assert_outcomes(passed=1)
    assert {("smollm2-135m", "few_shot"), ("smollm2-360m", "few_shot")} == {
        (one["model"]["name"], one["approach"]) for one in project.manifest()["runs"]
    }
    result.stdout.fnmatch_lines(["PASS * few_shot (measured) against *360m * few_shot (same_program, measured)*"])
    assert "baseline: not measured" == words(result, "baseline")
    assert words(result, "same_program").startswith("same_program, the claim's: PASS; against smollm2-360m")


def test_the_best_run_of_the_references_model_is_what_is_beaten(claimed):
    """Every cell of that model is measured, and how the best one was chosen is said."""
    project = claimed(right=40)
    project.profile(
        PROFILE.replace("0.9}", "0.9, policy: best}")
        + "  - {task: gsm8k, model: smollm2-360m, approach: few_shot, role: baseline}\n"
    )

    result = project.run()

    result.assert_outcomes(passed=1)
    assert 3 == len(project.manifest()["runs"])
    result.stdout.fnmatch_lines(["*The best of 2 runs of smollm2-360m by its score on the test rows themselves: *"])


def test_a_replayed_reference_is_not_asked_and_says_so_everywhere(claimed):
    """Its model need not be there; its own test is skipped; on other rows it is refused with the difference."""
    project = claimed(right=40)
    project.tests(EVALS + MEASURE)
    project.run().assert_outcomes(passed=3)
    project.latest.resolve().rename(project.path / "saved")
    asked = project.questions
    project.profile(PROFILE.replace("LARGE_URL", "http://127.0.0.1:9/v1"))

    result = project.run("--sota-reference", "saved", "--html", "all.html", "--self-contained-html")

    result.assert_outcomes(passed=2, skipped=1)
    assert (2 * asked[0], asked[1]) == project.questions
    result.stdout.fnmatch_lines(["PASS * (measured) against * (baseline, replayed), error rate 5%"])
    result.stdout.fnmatch_lines(["*smollm2-360m / cot / zero_shot (replayed)*40*"])
    assert "(replayed)" in (project.latest / "summary.md").read_text().partition("| | run |")[2]
    assert '<span class="badge">replayed</span>' in (project.latest / "report.html").read_text()
    cases = ElementTree.parse(project.latest / "junit.xml").findall(".//testcase")
    assert [["replayed"], ["replayed"]] == [
        [one.get("value") for one in case.iter("property") if one.get("value") == "replayed"]
        for case in cases
        if "replayed" in ElementTree.tostring(case, encoding="unicode")
    ]
    assert {"measured", "replayed"} == {one["provenance"] for one in project.manifest()["runs"]}

    result = project.run("--sota-reference", "saved", "--sota-limit", "10", "-k", "test_claim")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*ConfigError: The reference of gsm8k cannot be replayed*10 rows*40 rows*limit 40*"])


def test_a_profile_may_name_the_run_to_replay(claimed):
    """Relative to the project; --sota-reference goes before it."""
    project = claimed(right=40)
    project.profile(f"{PROFILE}references: {{gsm8k: gone}}\n")

    result = project.run()

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*ConfigError: The reference of gsm8k is to be replayed from *gone*does not exist."])
    assert (0, 0) == project.questions


def test_a_cell_of_which_nothing_is_claimed_skips_its_test(claimed):
    """With the reason."""
    project = claimed(right=40)
    project.profile(PROFILE.replace("claim: {quality_ratio: 0.9}", ""))

    result = project.run("-rs")

    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["*profile 'sums' claims nothing of gsm8k smollm2-135m-zero_shot"])
