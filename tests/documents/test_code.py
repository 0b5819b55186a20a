"""Every block of YAML, TOML and Python in the texts is read by what it is meant for."""

import tomllib

import pytest
import yaml

from dspysota import Claim, approaches, costs, experiment, profiles, programs
from dspysota.testing import FakeServer
from tests.approaches.asking import fickle, rows
from tests.documents import project
from tests.documents.blocks import of
from tests.factories import make_run
from tests.plugin.projects import MODEL

BASE = {
    "name": "shown",
    "cost": "parameters",
    "cells": [
        {"task": "gsm8k", "model": "phi-2", "approach": "zero_shot"},
        {"task": "gsm8k", "model": "llama-3.1-70b-instruct", "approach": "zero_shot", "role": "reference"},
    ],
}
"""What surrounds a piece of a profile that a text shows alone."""

TESTS = [block for block in of("python") if "def test_" in block.text]
SCRIPTS = [block for block in of("python") if "def test_" not in block.text]


@pytest.fixture(scope="session")
def here(tmp_path_factory):
    return project.make(tmp_path_factory.mktemp("shown"))


@pytest.mark.parametrize("block", of("yaml"), ids=str)
def test_a_profile_is_taken(block, here):
    """A profile, or a piece of one in its place, passes all checks. A workflow's commands are checked as others are."""
    shown = yaml.safe_load(block.text)
    if "jobs" in shown:
        assert {"on", "jobs"} <= {"on" if key is True else key for key in shown}  # YAML 1.1 reads `on` as yes
        return
    path = here / "shown.yaml"
    path.write_text(yaml.safe_dump(BASE | shown, allow_unicode=True))

    assert profiles.load(str(path), root=here, known=experiment.known()).cells


@pytest.mark.parametrize("block", of("toml"), ids=str)
def test_toml_names_what_is_looked_for(block):
    """An approach of somebody else's is found by an entry point of this group."""
    groups = tomllib.loads(block.text)["project"]["entry-points"]

    assert list(groups) == [approaches.GROUP]


@pytest.mark.parametrize("block", TESTS, ids=str)
def test_a_shown_test_is_collected(block, here):
    """pytest takes it, with its markers, for cells of a profile of this repository."""
    path = here / "evals" / f"test_shown_{block.line}.py"
    path.write_text(block.text if "import pytest" in block.text else f"import pytest\n\n{block.text}")
    words = [f"evals/{path.name}", "--sota-profile", "qwen-0.5b-vs-1.5b"]

    [(code, said)] = project.collect(here, [{"words": words, "environment": {}}])
    path.unlink()

    assert code == 0, said
    assert "test_" in said


UNRUN = {
    ("docs/history.md", "import pyarrow"): "reads an export by libraries that nothing here depends on, such as pandas",
}
"""Scripts by their text and first words that are read as Python and not run, and why."""


@pytest.mark.parametrize("block", SCRIPTS, ids=str)
def test_a_shown_script_runs(block, here, tmp_path, monkeypatch):
    """With the names that its text speaks of: a model at a fake server, rows, a run and a reference; stored runs."""
    code = compile(block.text, str(block), "exec")
    if any(block.name == name and block.text.startswith(by) for name, by in UNRUN):
        return
    monkeypatch.setenv("DSPYSOTA_HOME", str(tmp_path))
    monkeypatch.chdir(here)
    with FakeServer(fickle, name=MODEL) as server:
        names = {
            "lm": programs.make_lm(server.base_url, MODEL, None, max_tokens=64),
            "train": rows("train", 12),
            "validation": rows("val", 6),
            "Claim": Claim,
            "costs": costs,
            "run": priced([1.0] * 40, prompt=1.0),
            "reference": priced([1.0] * 40, prompt=100.0, model_name="qwen2.5-coder-1.5b"),
        }
        exec(code, names)


def priced(scores, *, prompt, **fields):
    prices = {"basis": "list", "tokens": {"prompt": prompt, "completion": prompt}, "usd_per_hour": 1.0}
    return make_run(scores, prices=prices, **fields)
