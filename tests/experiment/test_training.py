"""A run of trained weights: asked of them, named after them, and trained once."""

from contextlib import contextmanager
from dataclasses import replace

import pytest

from dspysota import measure_profile
from dspysota.cli import main
from dspysota.experiment import measure
from dspysota.serving import connect
from dspysota.testing import FakeServer
from tests.approaches.pupil import Pupil
from tests.plugin.projects import MODEL, added, write_rows

PROFILE = f"""
name: sums
models: {{{MODEL}: {{}}}}
rows: {{gsm8k: 10}}
cells: [{{task: gsm8k, model: {MODEL}, approach: bootstrap_finetune}}]
"""


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A project, its cache, and whose weights were served and when the first server was left."""
    monkeypatch.setenv("DSPYSOTA_HOME", str(tmp_path / "home"))
    (tmp_path / "fixtures" / "profiles").mkdir(parents=True)
    (tmp_path / "fixtures" / "profiles" / "sums.yaml").write_text(PROFILE)
    write_rows(tmp_path / "rows")
    return tmp_path


@pytest.fixture
def serving(monkeypatch):
    """What happened to servers, and somebody who trains; no weights are here, so that both stand in for real ones."""
    happened, pupil = [], Pupil()

    @contextmanager
    def endpoint(plan, progress):
        digest = plan.weights.digest if plan.weights else None
        happened.append(f"serve {digest}")
        found = connect(plan.spec, plan.use.base_url)
        yield replace(found, info=found.info.model_copy(update={"digest": digest}))
        happened.append(f"leave {digest}")

    class Leaving(Pupil):
        def __init__(self, leave):
            super().__init__()
            self.leave = leave

        def train(self, *arguments, **fields):
            self.leave()
            happened.append("train")
            return pupil.train(*arguments, **fields)

    monkeypatch.setattr(measure, "endpoint", endpoint)
    monkeypatch.setattr(measure, "trainer", lambda plan, server, leave: Leaving(leave))
    return happened


def test_a_run_of_trained_weights_is_asked_of_them_and_bears_their_digest(place, serving):
    """The first server is left before training, which needs its memory; the second serves what was trained."""
    with FakeServer(added, name=MODEL) as server:
        (run,) = measure_profile("sums", root=place, data=place / "rows", base_url=server.base_url)
    assert run.info.compile.training is not None
    digest = run.info.compile.training.digest

    assert serving == ["serve None", "leave None", "train", f"serve {digest}", f"leave {digest}"]
    assert run.info.model.digest == digest
    assert run.info.model.source == "made up"
    assert len(run.cases) == 10


def test_the_same_command_trains_once(place, serving):
    """A second session finds program and weights, and asks only the questions."""
    with FakeServer(added, name=MODEL) as server:
        (first,) = measure_profile("sums", root=place, data=place / "rows", base_url=server.base_url)
        (again,) = measure_profile("sums", root=place, data=place / "rows", base_url=server.base_url)

    assert serving.count("train") == 1
    assert again.info.compile.reused
    assert again.info.key == first.info.key
    assert again.info.model.digest == first.info.model.digest


def test_training_is_a_step_of_the_lift(place, serving, capsys):
    """It says what is missing, and names no option for runs that a script measured."""
    with FakeServer(added, name=MODEL) as server:
        measure_profile("sums", root=place, data=place / "rows", base_url=server.base_url)
    capsys.readouterr()

    assert main(["lift", str(place / "reports" / "latest")]) == 0
    out = capsys.readouterr().out
    assert "+ weights" in out
    assert "Missing: unoptimized" in out
    assert "measure what is missing" not in out
