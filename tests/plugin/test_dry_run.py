"""A dry run tells what the chosen tests would take: no test runs, and no model hears of it."""

import re
import subprocess
import sys

import pytest

from tests.plugin.projects import EVALS, HOME, PROFILE, asked

pytest_plugins = ["pytester"]

CLAIMED = (
    PROFILE.replace("smollm2-135m: {}", "smollm2-135m: {price: {prompt: 1000, completion: 1000}}").replace(
        "cells:", "claim: {quality_ratio: 0.9}\ncells:"
    )
    + "  - {task: gsm8k, model: phi-2, approach: bootstrap, role: reference}\n"
)

COMPARISON = """
import pytest

@pytest.mark.sota(task="gsm8k", against="reference")
def test_against(sota, cell):
    open("ran", "w").close()
    sota.compare(sota.run(cell), sota.reference(cell))

def test_own(sota):
    open("ran", "w").close()
"""


def table(result):
    """The lines of the table, by the names of the runs: cases, calls, prompt and completion tokens, USD, minutes."""
    found = {}
    for line in result.outlines:
        name, *cells = re.split(r"\s{2,}", line.strip())
        if len(cells) >= 5:
            found[name] = cells
    return found


def test_a_dry_run_asks_nothing_starts_nothing_and_writes_nothing(project, server):
    """Its table has a line a run, and the totals; the exit code says that everything could be planned."""
    result = project.run("--sota-dry-run")

    assert 0 == result.ret
    assert () == server.requests
    assert not (project.path / "reports").exists()
    rows = table(result)
    assert ["10", "10"] == rows["gsm8k / smollm2-135m-zero_shot"][:2]
    assert ["20", "20"] == rows["total"][:2]
    assert ["unknown", "unknown"] == rows["total"][-2:]
    assert "<= 4,000" == rows["gsm8k / smollm2-135m-few_shot"][3]  # ten answers of at most 400 tokens
    result.stdout.fnmatch_lines(["*2 tests chosen, none run*"])


@pytest.mark.parametrize(
    "basis, sentence",
    [
        ("parameters", "by parameters: expected smollm2-135m-zero_shot 0.0*, by the amounts above."),
        ("machine", "by machine: expected smollm2-135m-zero_shot not known*"),
    ],
)
def test_a_claim_on_cost_is_foreseen(project, basis, sentence):
    """By the basis that it counts by; where no earlier run tells the minutes, that is said instead of a number."""
    claimed = CLAIMED.replace("claim: {quality_ratio: 0.9}", f"cost: {basis}\nclaim: {{cost_ratio: 0.5}}")
    project.profile(
        claimed.replace("models:\n", "models:\n  phi-2: {usd_per_hour: 2}\n").replace(
            "{price", "{usd_per_hour: 1, price"
        )
    )
    project.tests(EVALS + COMPARISON)

    result = project.run("--sota-dry-run", "-k", "zero_shot")

    result.stdout.fnmatch_lines([f"claim on gsm8k, at most 0.5 of the reference's cost*{sentence}"])


def test_a_dry_run_says_that_claims_may_end_runs_early(project):
    """Its numbers are then the most."""
    result = project.run("--sota-dry-run", "--sota-sequential")

    result.stdout.fnmatch_lines(["--sota-sequential may end candidates' runs before all questions are asked*"])


@pytest.mark.parametrize("chosen, cases", [(["-k", "zero_shot"], "10"), (["--sota-limit", "4"], "8")])
def test_selections_and_limits_count(project, chosen, cases):
    """It plans the tests that would run, with the rows that they would ask."""
    assert cases == table(project.run("--sota-dry-run", *chosen))["total"][0]


def test_a_run_asked_for_twice_counts_once_and_references_are_in_it(project, server):
    """No test body runs; what asks in ways of its own is named; a model at hand or not makes no difference."""
    project.profile(CLAIMED)
    project.tests(EVALS + COMPARISON)

    result = project.run("--sota-dry-run", "-k", "zero_shot or own")

    rows = table(result)
    assert {"gsm8k / smollm2-135m-zero_shot", "gsm8k / phi-2-bootstrap", "preparing bootstrap", "total"} < set(rows)
    assert "20" == rows["total"][0]
    assert "<= 7" == rows["preparing bootstrap"][0]  # of ten training rows three are for validation
    assert not (project.path / "ran").exists()
    assert () == server.requests
    result.stdout.fnmatch_lines(["*in ways of their own: test_sums.py::test_own*"])
    result.stdout.fnmatch_lines(
        ["claim on gsm8k, at least 0.90 of the reference's quality: 10 questions can probably*"]
    )


@pytest.mark.parametrize(
    "policy, rival", [("baseline", "phi-2-bootstrap"), ("same_program", "phi-2-zero_shot"), ("best", "phi-2-bootstrap")]
)
def test_the_reference_of_a_claim_is_that_of_its_policy(project, policy, rival):
    """A claim may need a run of the reference's model that no test asks for: by the profile, or by a parameter."""
    marker = '@pytest.mark.sota(task="gsm8k", claimed=True, approach="zero_shot")\n'
    by_profile = f"{marker}def test_it(sota, cell):\n    assert sota.versus(cell) >= sota.claim(cell)\n"
    by_parameter = (
        f'{marker}@pytest.mark.parametrize("policy", ["{policy}"])\n'
        "def test_it(sota, cell, policy):\n    sota.verdict(cell, policy=policy)\n"
    )
    for tests, terms in ((by_profile, f"quality_ratio: 0.9, policy: {policy}"), (by_parameter, "quality_ratio: 0.9")):
        project.profile(CLAIMED.replace("quality_ratio: 0.9", terms))
        project.tests(f"import pytest\n\n{tests}")

        rows = table(project.run("--sota-dry-run"))

        assert {"gsm8k / smollm2-135m-zero_shot", f"gsm8k / {rival}"} == {name for name in rows if "gsm8k" in name}


def test_a_reference_that_is_replayed_is_not_measured(project, tmp_path):
    """It is in the folder that was named; its own test is skipped, and is not one that asks in ways of its own."""
    project.profile(CLAIMED)
    project.tests(EVALS + COMPARISON)

    result = project.run("--sota-dry-run", f"--sota-reference={tmp_path}", "-k", "not own")

    assert not [name for name in table(result) if "phi-2" in name]
    assert "gsm8k / smollm2-135m-zero_shot" in table(result)
    result.stdout.no_fnmatch_line("*not planned*")


def test_dollars_come_from_the_profiles_prices(project):
    """Prompt and completion tokens at their prices; bounded where answers are."""
    project.profile(CLAIMED)

    rows = table(project.run("--sota-dry-run", "-k", "zero_shot"))["gsm8k / smollm2-135m-zero_shot"]

    tokens = int(rows[2].replace(",", "")) + int(rows[3].removeprefix("<= ").replace(",", ""))
    assert tokens / 1000 == pytest.approx(float(rows[4].removeprefix("<= ")), abs=0.02)


def test_earlier_runs_tell_how_long_answers_are_and_how_fast(project, server):
    """What was measured takes the place of bounds, and the line says when it was."""
    project.run("-k", "zero_shot").assert_outcomes(passed=1)
    before = len(asked(server))

    result = project.run("--sota-dry-run")

    rows = table(result)
    assert not rows["gsm8k / smollm2-135m-zero_shot"][3].startswith("<=")
    assert "unknown" != rows["gsm8k / smollm2-135m-few_shot"][-1]
    result.stdout.fnmatch_lines(["*answers as measured 20??-??-??: gsm8k / smollm2-135m-zero_shot*"])
    result.stdout.fnmatch_lines(
        ["*answers as measured 20??-??-?? with zero_shot, plain: gsm8k / smollm2-135m-few_shot*"]
    )
    assert before == len(asked(server))


def test_limits_that_may_not_suffice_are_named(project):
    """Before anything is spent."""
    project.profile(CLAIMED)

    result = project.run("--sota-dry-run", "-k", "zero_shot", "--sota-max-cost", "1", "--sota-max-minutes", "5")

    result.stdout.fnmatch_lines(["--sota-max-cost 1 may stop the command before its end*"])
    result.stdout.fnmatch_lines(["Whether --sota-max-minutes 5 suffices is not known."])


def test_no_model_server_is_imported(project, installed):
    """Neither vLLM nor torch: a dry run is quick, and needs neither."""
    installed.makeconftest(
        """
        import sys

        def pytest_unconfigure():
            print("imported:", *({"vllm", "torch", "transformers"} & set(sys.modules)))
        """
    )

    project.run("--sota-dry-run").stdout.fnmatch_lines(["imported:"])


def test_a_variable_keeps_no_test_of_other_projects_from_running(installed, monkeypatch):
    """On the command line it was meant for these tests; in the environment it may have been meant for others."""
    installed.makepyfile(test_plain="def test_it(): pass")
    assert "1 tests chosen, none run" in installed.runpytest_subprocess("--sota-dry-run").stdout.str()

    monkeypatch.setenv("DSPYSOTA_DRY_RUN", "1")

    installed.runpytest_subprocess().assert_outcomes(passed=1)


def test_workers_are_not_needed(project, server):
    """Under xdist the controller does it alone."""
    result = project.run("--sota-dry-run", "-n2")

    assert 0 == result.ret
    assert "20" == table(result)["total"][0]
    assert () == server.requests


def test_the_headline_experiment_can_be_planned_anywhere(installed, tmp_path, monkeypatch):
    """Without a GPU, a hub, weights and the variable with the endpoint's URL."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    command = [sys.executable, "-m", "pytest", "evals", "--sota-profile", "phi2-vs-llama70b", "--sota-dry-run"]
    command += ["-p", "no:cacheprovider", "--sota-out", str(tmp_path)]

    done = subprocess.run(command, cwd=HOME, capture_output=True, text=True, timeout=300, check=False)

    assert 0 == done.returncode, done.stdout + done.stderr
    assert "phi-2-bootstrap" in done.stdout
    assert "llama-3.1-70b-instruct-zero_shot" in done.stdout
    assert "llama-3.1-70b-instruct: DSPYSOTA_LLAMA70B_URL is not set" in done.stdout
    assert [] == list(tmp_path.iterdir())


def test_a_url_that_is_not_set_is_no_obstacle(installed, project):
    """The prompts are the same wherever they go; the message names the variable that the command will need."""
    project.profile(PROFILE.replace("smollm2-135m: {}", "smollm2-135m: {base_url_env: DSPYSOTA_NOT_SET}"))
    arguments = [word for word in project.arguments if "http" not in word and word != "--sota-base-url"]

    result = installed.runpytest_subprocess(*arguments, "--sota-dry-run", timeout=120)

    assert 0 == result.ret
    result.stdout.fnmatch_lines(["smollm2-135m: DSPYSOTA_NOT_SET is not set; the command itself will need it."])


def test_what_cannot_be_planned_says_why_and_is_no_success(project):
    """The rest is planned all the same."""
    (project.path / "data" / "gsm8k" / "test.jsonl").unlink()

    result = project.run("--sota-dry-run")

    assert 1 == result.ret
    result.stdout.fnmatch_lines(["smollm2-135m-zero_shot: DataError: *test.jsonl*"])


def test_training_is_not_foreseen_and_leaves_prompts_as_they_are(project):
    """How long it takes is known afterwards; the trained model sees the question alone."""
    project.profile(PROFILE.replace("[zero_shot, few_shot]", "[zero_shot, bootstrap_finetune]"))
    project.run("-k", "zero_shot").assert_outcomes(passed=1)

    rows = table(project.run("--sota-dry-run"))

    assert rows["gsm8k / smollm2-135m-zero_shot"][2] == rows["gsm8k / smollm2-135m-bootstrap_finetune"][2]
    assert ["<= 7", "unknown"] == [rows["preparing bootstrap_finetune"][n] for n in (0, -1)]
