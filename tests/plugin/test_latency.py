"""The latency cases of evals/: timed by pytest-benchmark, saved, and compared by its own options."""

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from dspysota.testing import FakeServer
from tests.plugin.projects import MODEL, PROFILE, added, install, write_rows

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def latency(tmp_path_factory):
    """Runs `pytest evals -m latency` of this repository against a fake server, once with --benchmark-autosave."""
    folder = tmp_path_factory.mktemp("latency")
    (folder / "sums.yaml").write_text(PROFILE)
    write_rows(folder / "data", test=30)
    command = [sys.executable, "-m", "pytest", "evals", "-m", "latency", "-p", "no:cacheprovider"]
    command += ["--sota-profile", str(folder / "sums.yaml"), "--sota-data", str(folder / "data")]
    command += ["--sota-out", str(folder / "reports"), "--benchmark-storage", f"file://{folder / 'saved'}"]
    with pytest.MonkeyPatch.context() as patch, FakeServer(added, name=MODEL) as server:
        install(folder / "site", patch)
        patch.setenv("DSPYSOTA_HOME", str(folder / "home"))
        command += ["--sota-base-url", server.base_url]

        def run(*arguments):
            asked = [*command, *arguments]
            # As if by hand: pytest-benchmark times nothing where it sees that xdist is at work.
            plain = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_XDIST")}
            return subprocess.run(asked, cwd=ROOT, env=plain, capture_output=True, text=True, timeout=240, check=False)

        done = run("--benchmark-autosave")
        assert 0 == done.returncode, done.stdout + done.stderr
        yield SimpleNamespace(run=run, requests=server.requests, peak=server.peak, folder=folder / "saved")


@pytest.fixture
def saved(latency):
    """The file that the first session left."""
    (path,) = latency.folder.rglob("*.json")
    return path


def test_times_are_saved_with_what_they_depend_on(saved):
    """Model, weights, data, program and commit lie beside the times of a question and of a first token."""
    question, token = json.loads(saved.read_text())["benchmarks"]
    assert ("test_one_question_at_a_time", 5) == (question["name"].partition("[")[0], question["stats"]["rounds"])
    assert ("test_first_token", 20) == (token["name"].partition("[")[0], token["stats"]["rounds"])
    facts = question["extra_info"]
    assert (MODEL, None, "an endpoint by URL") == (facts["model"], facts["weights"], facts["served_by"])
    assert (64, "cot", "zero_shot") == (len(facts["data_digest"]), facts["program"], facts["approach"])
    assert "commit" in facts
    assert 1 == token["extra_info"]["max_tokens"]


def test_every_question_is_asked_once_and_alone(latency):
    """No answer comes from a cache that another round filled, and nobody else is asked meanwhile."""
    questions = [request.question for request in latency.requests if "has 2 apples" in request.question]
    assert 27 == len(questions) == len(set(questions))
    assert 1 == latency.peak


def test_times_that_grew_fail_a_comparison(latency, saved):
    """The documented command stands beside the saved times, and is red where they were a thousand times as short."""
    record = json.loads(saved.read_text())
    for benchmark in record["benchmarks"]:
        for name in ("min", "max", "mean", "median"):
            benchmark["stats"][name] /= 1000
    saved.write_text(json.dumps(record))

    done = latency.run("--benchmark-compare", "--benchmark-compare-fail=median:20%", "-k", "first_token")

    text = done.stdout + done.stderr
    assert "(NOW)" in text
    assert "(0001_" in text
    assert "Performance has regressed" in text
    assert done.returncode
