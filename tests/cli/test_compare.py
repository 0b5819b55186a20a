"""`dspysota compare A B`: what changed, which examples flipped, and what else differs."""

import json

import pytest

from dspysota.cli import main
from dspysota.gate import save
from dspysota.gate.baselines import Profile
from tests.factories import make_run

PROFILE = Profile(profile="embedded")


def keep(name, *runs):
    """A baseline below `reports`, which is where the command looks."""
    from pathlib import Path

    save(Path("reports"), name, runs, profile=PROFILE)


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    keep("main", make_run([1.0] * 30 + [0.0] * 10))
    keep("branch", make_run([0.0] * 20 + [1.0] * 15 + [0.0] * 5, commit="f" * 40))


def said(capsys, *words, code=0):
    assert main(["compare", *words]) == code
    return capsys.readouterr().out


def test_it_describes_and_returns_0(capsys):
    """Metrics with intervals, flips both ways, and what else is not the same."""
    text = said(capsys, "main", "branch")

    assert "exact_match" in text
    assert "0.750 -> 0.375  -37.5pp, 95% -" in text
    assert "20 lost full marks:" in text
    assert "5 won full marks:" in text
    assert "differs: commit (3f901225db33b32b39a7c022bb07ad0db03895ce -> ffff" in text


@pytest.mark.parametrize("rule, code", [("accuracy:-2pp", 1), ("accuracy:-50pp", 0), ("errors:+0", 0)])
def test_a_rule_decides_the_exit_code(capsys, rule, code):
    """1 where one is broken, as for pytest; a comparison without rules judges nothing."""
    text = said(capsys, "main", "branch", "--rule", rule, code=code)

    assert f"gate {'red' if code else 'green'} against main" in text


def test_json_is_for_machines(capsys):
    """The schema has a number, and the fields that docs/ci.md names."""
    found = json.loads(said(capsys, "main", "branch", "--json", "--rule", "accuracy:-2pp", code=1))
    (run,) = found["runs"]
    (score,) = [one for one in run["metrics"] if one["metric"] == "exact_match"]

    assert (found["schema"], found["broken"], run["word"]) == (1, True, "WORSE")
    assert (score["a"], score["b"], score["change"], score["n"]) == (0.75, 0.375, -0.375, 40)
    assert score["low"] < -0.375 < score["high"] < 0
    assert [len(run["lost"]), len(run["won"])] == [20, 5]
    assert run["differences"][0]["what"] == "commit"


def test_runs_on_one_side_only_are_named(capsys):
    """What A lacks is new, what B lacks is gone."""
    keep("other", make_run([1.0] * 4, approach="few_shot"), make_run([1.0] * 4, approach="bootstrap"))

    text = said(capsys, "main", "other")

    assert text.count("  NEW: ") == 2
    assert text.count("  GONE: ") == 1


def test_two_single_runs_are_compared_whatever_they_are(capsys):
    """Another model on the same questions: the differences say so."""
    keep("large", make_run([1.0] * 40, model_name="qwen2.5-coder-1.5b"))

    text = said(capsys, "main", "large")

    assert "0.750 -> 1.000" in text
    assert "differs: model (qwen2.5-coder-0.5b -> qwen2.5-coder-1.5b)" in text


def test_a_name_that_is_nothing_is_one_sentence(capsys):
    """It says which baselines there are."""
    assert main(["compare", "main", "nothing"]) == 2
    assert "saved are branch, main" in capsys.readouterr().err


def test_ids_and_questions_cannot_act_on_a_terminal(capsys):
    """They were written by others."""
    run = make_run([1.0, 1.0])
    hostile = run.cases[0].model_copy(update={"case_id": "\x1b[2Jq", "scores": dict.fromkeys(run.info.metrics, 0.0)})
    before = hostile.model_copy(update={"scores": dict.fromkeys(run.info.metrics, 1.0)})
    keep("one", run.model_copy(update={"cases": (before, run.cases[1])}))
    keep("two", run.model_copy(update={"cases": (hostile, run.cases[1])}))

    text = said(capsys, "one", "two")

    assert "\x1b" not in text
    assert "[2Jq" in text
