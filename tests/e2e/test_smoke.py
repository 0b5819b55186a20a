"""The whole chain for real: weights, a vLLM server, rows, programs, scores, report."""

import json
import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import psutil
import pytest

from dspysota import paths

ROOT = Path(__file__).parents[2]
SECONDS = 1200


def plugin():
    """The option that loads the plugin where no installation does."""
    from importlib.metadata import entry_points

    known = any(point.name == "dspysota" for point in entry_points(group="pytest11"))
    return [] if known else ["-p", "dspysota.plugin"]


def servers():
    """Processes that serve a model from this cache."""
    home = str(paths.models_dir())
    found = psutil.process_iter(["cmdline"])
    return {process.pid for process in found if any(home in word for word in process.info["cmdline"] or [])}


@pytest.fixture(scope="module")
def smoke(tmp_path_factory):
    """The smoke profile, measured by a pytest of its own: its output, its folder, and servers before and after."""
    out = tmp_path_factory.mktemp("smoke")
    before = servers()
    command = [sys.executable, "-m", "pytest", *plugin(), "evals", "-p", "no:cacheprovider"]
    command += ["--sota-profile", "smoke", "--sota-out", str(out), "--sota-no-cache", "--html", str(out / "all.html")]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "HF_HUB_OFFLINE": "1"},  # the twins: the same rows wherever this test runs
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    text = done.stdout + done.stderr
    assert 0 == done.returncode, text
    gone = psutil.wait_procs([psutil.Process(pid) for pid in servers() - before if psutil.pid_exists(pid)], timeout=60)
    return {"text": text, "folder": out / "latest", "html": out / "all.html", "left": gone[1]}


@pytest.fixture(scope="module")
def cases(smoke):
    lines = (smoke["folder"] / "cases.jsonl").read_text().splitlines()
    return [json.loads(line)["case"] for line in lines]


def test_every_report_is_there(smoke):
    """Terminal, JSON, JUnit, Markdown, our page and pytest-html's all tell of the same four runs."""
    manifest = json.loads((smoke["folder"] / "run.json").read_text())

    assert ("finished", 4) == (manifest["status"], len(manifest["runs"]))
    assert 4 == len(ElementTree.parse(smoke["folder"] / "junit.xml").findall(".//testcase"))
    for page in (smoke["folder"] / "report.html", smoke["folder"] / "summary.md", smoke["html"]):
        assert "smollm2-135m" in page.read_text()
    assert 4 == smoke["text"].count("PASS ")


def test_every_question_was_answered_by_a_model(cases):
    """Twenty questions, each with an answer, tokens as the server counted them, and a time to the first token."""
    assert 2 * (6 + 4) == len(cases)
    assert not [case["error"] for case in cases if case["error"]]
    calls = [call for case in cases for call in case["calls"]]
    assert all(call["usage"]["prompt_tokens"] > 0 and call["usage"]["completion_tokens"] > 0 for call in calls)
    assert all(0 < call["first_token_seconds"] <= call["seconds"] for call in calls)
    assert {"stop", "length"} >= {call["finish_reason"] for call in calls}


def test_the_run_says_which_weights_and_rows_it_used(smoke):
    """Weights have a digest, the server its flags, and a twin of a data set never has the data set's name."""
    runs = json.loads((smoke["folder"] / "run.json").read_text())["runs"]

    assert all(run["model"]["digest"] and run["model"]["server_flags"] for run in runs)
    assert {"twin"} == {run["data"]["source"] for run in runs}
    assert not {"gsm8k", "hotpotqa"} & {run["data"]["name"] for run in runs}


def test_no_server_outlives_the_session(smoke):
    """Every process that the session started to serve a model has ended."""
    assert [] == smoke["left"]
