"""A claim on a program that was prepared with several seeds: one claim, on all of their runs."""

from xml.etree import ElementTree

import pytest

from tests.plugin.claimed import PROFILE

pytest_plugins = ["pytester"]

CLAIM = """
import pytest

@pytest.mark.sota(task="gsm8k", claimed=True, against="reference")
def test_claim(sota, cell):
    assert sota.versus(cell) >= sota.claim(cell)
"""
IT = """
import pytest

@pytest.mark.sota(task="gsm8k", role="candidate")
def test_it(sota, cell):
    sota.run(cell)
"""
SEEDS = PROFILE.replace("0.9}", "0.9, policy: same_program}").replace(
    "135m, approach: zero_shot}", "135m, approach: bootstrap, seeds: [0, 1, 2]}"
)


@pytest.fixture
def seeds(claimed):
    """The project, and a function that gives its small model's runs and the large one's, by seed."""
    project = claimed(right=20)
    project.tests(CLAIM)
    project.profile(SEEDS)

    def runs():
        found = sorted(project.manifest()["runs"], key=lambda one: one["seed"])
        return [[one for one in found if one["model"]["name"] == name] for name in ("smollm2-135m", "smollm2-360m")]

    return project, runs


def test_one_claim_is_made_of_all_seeds_on_both_sides(seeds):
    """Each seed has a program of its own, none of which a sequential test ends, and all answer the same rows."""
    project, runs = seeds

    result = project.run("--sota-sequential")

    result.assert_outcomes(failed=1)
    small, large = runs()
    assert [0, 1, 2] == [one["seed"] for one in small] == [one["seed"] for one in large]
    assert 1 == len({one["data"]["digest"] for one in (*small, *large)})
    assert 3 == len({one["compile"]["program_digest"] for one in small})
    assert 6 * 40 == len(project.cases())
    result.stdout.fnmatch_lines(
        [
            "FAIL * bootstrap over 3 seeds (measured) against * bootstrap over 3 seeds (same_program, measured), *",
            "*--sota-sequential watches one run beside one reference: with several seeds all runs are measured whole.",
            "*same_program, the claim's: FAIL; against * bootstrap over 3 seeds (measured); *",
        ]
    )
    cases = ElementTree.parse(project.latest / "junit.xml").findall(".//testcase")
    names = [{one.get("name"): one.get("value") for one in case.iter("property")} for case in cases]
    assert [("3", "3")] == [(one["seeds"], one["reference_seeds"]) for one in names if "seeds" in one]
    assert 6 == len({one["run"] for one in names if "seeds" not in one})
    assert "over 3 seeds" in (project.latest / "summary.md").read_text()


def test_a_dry_run_plans_every_seed(seeds):
    """With a preparation for each, as each is another program."""
    project, _ = seeds

    result = project.run("--sota-dry-run")
    lines = [line.split("  ")[0] for line in result.outlines]

    planned = [line for line in lines if line.startswith("gsm8k / ")]
    assert {f"gsm8k / smollm2-{n}m-bootstrap{seed}" for n in (135, 360) for seed in ("", "-seed1", "-seed2")} == {
        *planned
    }
    assert 6 == len(planned)
    assert 6 == sum(line.strip().startswith("preparing bootstrap") for line in result.outlines)


def test_a_gate_knows_the_seeds_apart(seeds):
    """A baseline has a run a seed, each beside its own; a seed that the profile has lost is gone."""
    project, _ = seeds
    project.tests(IT)
    project.run("--sota-save", "main").assert_outcomes(passed=3)
    project.profile(SEEDS.replace("[0, 1, 2]", "[0, 1]"))

    result = project.run("--sota-baseline", "main")

    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["*GONE*seed 2*"])
    assert pytest.ExitCode.TESTS_FAILED == result.ret


def test_a_replayed_reference_has_its_seeds_too(seeds):
    """Those that were measured then and are wanted now; its model is not asked."""
    project, _ = seeds
    project.profile(SEEDS.replace("[0, 1, 2]", "[0, 1]"))
    project.run().assert_outcomes(failed=1)
    project.latest.resolve().rename(project.path / "saved")
    asked = project.questions[1]
    project.profile(SEEDS)

    result = project.run("--sota-reference", "saved")

    assert asked == project.questions[1]
    result.stdout.fnmatch_lines(
        [
            "FAIL * bootstrap over 3 seeds (measured) against * bootstrap over 2 seeds (same_program, replayed), *",
            "*3 seeds were to be compared with, and of gsm8k * bootstrap there are runs of 2 alone.",
        ]
    )


def test_a_lift_is_taken_apart_seed_by_seed(seeds):
    """Each program has its own steps, under its own seed, and every step can be paired."""
    project, _ = seeds
    project.tests(IT)
    project.profile(SEEDS.replace("[0, 1, 2]", "[0, 1]"))

    result = project.run("--sota-lift")

    result.assert_outcomes(passed=2)
    made = {(one["seed"], one["approach"], one["adapter"]) for one in project.manifest()["runs"]}
    steps = [{(approach, adapter) for number, approach, adapter in made if number == seed} for seed in (0, 1)]
    assert steps[0] == steps[1] > {("bootstrap", "plain"), ("zero_shot", "plain")}
    assert "could not be measured" not in result.stdout.str()


def test_a_dry_run_says_that_seeds_tell_less(seeds):
    """What so many questions can tell is known for one seed; the baseline has the seeds of its own cell."""
    project, _ = seeds
    project.profile(SEEDS.replace(", policy: same_program", ""))

    result = project.run("--sota-dry-run")

    result.stdout.fnmatch_lines(["*claim on gsm8k*That is for one seed: what differs between several makes it less."])
    assert 4 == sum(line.startswith("gsm8k / ") for line in result.outlines)
