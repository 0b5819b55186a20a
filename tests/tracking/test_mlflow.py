"""Runs in a real MLflow store: a folder, and a database."""

import logging
import os
import socket
import subprocess
import sys

import pytest

from dspysota.cli import main
from dspysota.errors import ConfigError, RunError
from dspysota.records import Prices, TokenPrice
from dspysota.report.meta import load_meta
from dspysota.store import load_runs
from dspysota.tracking import address, log
from tests.factories import make_run
from tests.history.keeping import FIRST, judged, keep

AGEING = pytest.mark.filterwarnings("ignore::FutureWarning")
"""MLflow warns that folder stores will go some day; that is what these tests ask for, and nothing of ours."""

PRICES = Prices(basis="list", tokens=TokenPrice(prompt=1.0, completion=2.0))


@pytest.fixture
def folder(tmp_path):
    """A folder of two runs, one of which missed its bar, and a claim on the other."""
    small = make_run([1.0] * 30 + [0.0] * 10, prices=PRICES)
    large = make_run([1.0] * 40, model_name="qwen2.5-coder-1.5b")
    return keep(tmp_path / "reports", FIRST, small, large, meta=judged(small, large))


def put(folder, uri):
    meta = load_meta(folder)
    assert meta is not None
    return log(uri, folder, load_runs(folder), meta)


@pytest.fixture
def client(monkeypatch):
    """MLflow's own client, as somebody else would use it."""
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    from mlflow.tracking import MlflowClient

    return lambda uri: MlflowClient(tracking_uri=uri, registry_uri=uri)


def logged(client):
    (experiment,) = [one for one in client.search_experiments() if one.name.startswith("dspysota")]
    runs = client.search_runs([experiment.experiment_id])
    parents = [run for run in runs if "mlflow.parentRunId" not in run.data.tags]
    return experiment, parents, {run.info.run_name: run for run in runs if run not in parents}


@AGEING
@pytest.mark.parametrize("kind", ["folder", "database"])
def test_each_run_is_an_mlflow_run(folder, client, tmp_path, kind):
    """With what identifies it, its figures with the ends of their intervals, and its verdicts."""
    uri = (tmp_path / "ml runs").as_uri() if kind == "folder" else f"sqlite:///{tmp_path / 'mlflow.db'}"

    assert put(folder, uri) == "logged to MLflow: 2 runs, in the experiment 'dspysota: embedded'."

    experiment, _, runs = logged(client(uri))
    run = runs["gsm8k · qwen2.5-coder-0.5b · cot · zero_shot"]
    assert (experiment.name, len(runs), run.info.status) == ("dspysota: embedded", 2, "FINISHED")
    params = run.data.params
    known = {"task": "gsm8k", "model": "qwen2.5-coder-0.5b", "program": "cot", "approach": "zero_shot"}
    assert {name: params[name] for name in known} == known
    assert (params["adapter"], params["seed"], params["sampling.temperature"]) == ("plain", "0", "0.0")
    assert len(params["weights_digest"]) == len(params["data_digest"]) == len(params["program_digest"]) == 64
    metrics = run.data.metrics
    assert (metrics["score"], metrics["exact_match"], metrics["cases"]) == (0.75, 0.75, 40)
    assert 0.5 < metrics["score_low"] < 0.75 < metrics["score_high"] < 0.9
    assert metrics["usd_per_question"] == pytest.approx(40e-6)
    assert metrics["usd_per_question_low"] <= metrics["usd_per_question"] <= metrics["usd_per_question_high"]
    assert (metrics["p95_seconds"], metrics["tokens_per_question"]) == (0.5, 30.0)
    assert "p99_seconds" not in metrics
    tags = run.data.tags
    assert (tags["dspysota.verdict"], tags["dspysota.claim"]) == ("passed", "FAIL")
    assert runs["gsm8k · qwen2.5-coder-1.5b · cot · zero_shot"].data.tags["dspysota.misses"] == "too low"
    assert tags["mlflow.source.git.commit"] == load_runs(folder)[0].info.commit


@AGEING
def test_the_report_is_kept_once_for_the_folder(folder, client, tmp_path):
    """In the MLflow run above the others, which the user interface folds out."""
    uri = (tmp_path / "mlruns").as_uri()
    put(folder, uri)

    there = client(uri)
    _, (parent,), runs = logged(there)

    assert (parent.info.run_name, parent.info.status) == (FIRST, "FINISHED")
    assert {run.data.tags["mlflow.parentRunId"] for run in runs.values()} == {parent.info.run_id}
    assert sorted(one.path for one in there.list_artifacts(parent.info.run_id)) == ["report.html", "summary.md"]
    kept = there.download_artifacts(parent.info.run_id, "report.html", str(tmp_path))
    with open(kept, "rb") as file:
        assert file.read() == (folder / "report.html").read_bytes()


@AGEING
def test_nothing_is_logged_twice(folder, client, tmp_path):
    """The same command may be typed again."""
    uri = (tmp_path / "mlruns").as_uri()
    put(folder, uri)

    assert put(folder, uri) == f"MLflow has {FIRST} already, in the experiment 'dspysota: embedded'."
    assert len(logged(client(uri))[2]) == 2


@AGEING
def test_no_key_and_no_address_gets_there(folder, tmp_path):
    """Neither those of the command nor that of the endpoint; the store may be shared."""
    uri = (tmp_path / "mlruns").as_uri()
    put(folder, uri)

    texts = [path.read_bytes() for path in (tmp_path / "mlruns").rglob("*") if path.is_file()]
    assert texts
    assert [text for text in texts if b"hunter2" in text] == []
    assert [text for text in texts if b"http://127.0.0.1:43117" in text and b"<html" not in text] == []


@pytest.mark.parametrize("kind", ["server", "scheme", "file"])
def test_a_store_that_cannot_be_had_is_one_sentence(folder, tmp_path, kind):
    """Soon, with the address, and without a traceback."""
    (tmp_path / "file").write_text("")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    uri = {"server": f"http://127.0.0.1:{port}", "scheme": "nonsense://x", "file": (tmp_path / "file").as_uri()}[kind]

    with pytest.raises(RunError) as error:
        put(folder, uri)

    assert str(error.value).startswith(f"Nothing more can be logged to MLflow at '{uri}': ")
    assert "\n" not in str(error.value)


def test_a_password_of_the_store_is_in_no_message(folder):
    """Whatever MLflow itself says of it."""
    with pytest.raises(RunError) as error:
        put(folder, "nonsense://me:hunter2@host/db")

    assert "hunter2" not in str(error.value)
    assert "nonsense://***@host/db" in str(error.value)


def test_the_users_environment_is_left_as_it_was(folder, tmp_path, monkeypatch):
    """And what the user has set counts."""
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    monkeypatch.delenv("MLFLOW_ALLOW_FILE_STORE", raising=False)
    before, level = dict(os.environ), logging.getLogger("mlflow").level

    put(folder, (tmp_path / "mlruns").as_uri())

    assert {name: value for name, value in os.environ.items() if name.startswith("MLFLOW")} == {
        name: value for name, value in before.items() if name.startswith("MLFLOW")
    }
    assert logging.getLogger("mlflow").level == level


def test_mlflow_is_imported_only_when_asked(tmp_path):
    """It takes a second, and most never use it."""
    code = "import sys, dspysota.tracking, dspysota.plugin, dspysota.cli; sys.exit('mlflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_without_mlflow_the_cure_is_named(folder, monkeypatch):
    """It is an extra."""
    monkeypatch.setattr("dspysota.tracking.client.find_spec", lambda name: None)

    with pytest.raises(RunError, match=r"pip install 'dspysota\[mlflow\]'"):
        put(folder, "mlruns")


def test_a_store_needs_a_name(tmp_path):
    """A path is a folder; an empty one is none."""
    assert address("a b", tmp_path) == (tmp_path / "a b").as_uri()
    with pytest.raises(ConfigError, match="has no name"):
        address(" ", tmp_path)


@AGEING
def test_stored_runs_are_logged_by_a_command(folder, client, tmp_path, monkeypatch, capsys):
    """Later, or from another machine."""
    monkeypatch.chdir(tmp_path)

    assert main(["export", "latest", "--format", "mlflow", "--output", "mlruns"]) == 0

    assert "logged to MLflow: 2 runs" in capsys.readouterr().out
    assert len(logged(client((tmp_path / "mlruns").as_uri()))[2]) == 2
