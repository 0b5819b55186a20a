"""What an approach refuses before anything is paid, and the training data of which no model is made here."""

import json
import math
import sys

import pytest

from dspysota.errors import ConfigError, ProgramError
from dspysota.records import Budget
from dspysota.testing import FakeServer
from tests.approaches.optimizing import OPTIMIZERS, model, prepare


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """An empty cache of the test's own."""
    monkeypatch.setenv("DSPYSOTA_HOME", str(tmp_path / "home"))


@pytest.mark.parametrize(
    "name, settings, message",
    [
        ("copro", {"breadth": 1}, r"breadth is 1; it has to be at least 2"),
        ("copro", {"width": 3}, r"no setting 'width' here; there are breadth, depth, init_temperature"),
        ("mipro", {"auto": "max"}, r"'max'; it has to be one of light, medium, heavy"),
        ("simba", {"bsize": 0}, r"bsize is 0; it has to be at least 1"),
        ("gepa", {"max_metric_calls": -1}, r"at least 0"),
        ("copro", {"init_temperature": 99.0}, r"init_temperature is 99\.0; it has to be at most 2\.0"),
        ("copro", {"init_temperature": math.nan}, r"init_temperature is nan; it has to be a number like 1\.4"),
        ("mipro", {"init_temperature": 2.5}, r"init_temperature is 2\.5; it has to be at most 2\.0"),
        ("infer_rules", {"num_rules": "ten"}, r'num_rules is "ten"; it has to be like 10'),
    ],
)
def test_a_setting_that_makes_no_sense_is_named(name, settings, message):
    """Before anything is asked, with what it has to be."""
    with FakeServer(model) as server:
        with pytest.raises(ConfigError, match=message):
            prepare(server, name, settings=settings)

        assert not server.requests


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_without_validation_rows_nothing_is_chosen(name):
    """Candidates are never chosen by the rows that they were made from."""
    with FakeServer(model) as server:
        with pytest.raises(ProgramError, match=r"no validation rows of gsm8k"):
            prepare(server, name, validation=0)

        assert not server.requests


@pytest.mark.parametrize("name", [*OPTIMIZERS, "bootstrap", "random_search", "knn", "ensemble"])
def test_a_budget_in_tokens_needs_a_server_that_counts_them(name):
    """It would never be spent: the first answers without counts end the compilation, whichever optimizer asks."""
    with FakeServer(model, lacks={"usage"}) as server:
        with pytest.raises(ProgramError, match=r"budget is in tokens, .* does not report .* calls or minutes"):
            prepare(server, name, budget=Budget(tokens=10**9))

        assert len(server.requests) <= 4  # as many as were sent at once


def test_mipro_misses_optuna_before_anything_is_paid(monkeypatch):
    """DSPy notices at its third step, when the proposals have been paid for."""
    monkeypatch.setitem(sys.modules, "optuna", None)
    with FakeServer(model) as server:
        with pytest.raises(ProgramError, match=r"pip install 'optuna>=4'"):
            prepare(server, "mipro")

        assert not server.requests


@pytest.mark.parametrize("task, program, steps", [("gsm8k", "cot", 1), ("hotpotqa", "two_hop", 2)])
def test_training_data_is_what_was_answered_rightly(tmp_path, task, program, steps):
    """Each request of each right answer, as the program sends it and as its adapter would read it again."""
    file = tmp_path / "data" / "train.jsonl"
    with FakeServer(model) as server, pytest.raises(ProgramError, match=r"No model was trained.*train\.jsonl"):
        prepare(server, "bootstrap_finetune", task=task, program=program, settings={"file": str(file)})
    lines = [json.loads(line)["messages"] for line in file.read_text().splitlines()]
    sent = [[dict(message) for message in request.messages] for request in server.requests]

    assert len(lines) == 2 * steps  # of 0 to 5, the model counts to 0 and 3
    assert all(line[:-1] in sent and line[-1]["role"] == "assistant" for line in lines)
    assert sorted(model(line[:-1]) for line in lines) == sorted(line[-1]["content"] for line in lines)


def test_training_data_without_a_right_answer_is_an_error(tmp_path):
    """Nothing is written where there is nothing to learn from."""
    file = tmp_path / "train.jsonl"
    with FakeServer("#### 999") as server, pytest.raises(ProgramError, match=r"None of 6 .*optimize\.teacher"):
        prepare(server, "bootstrap_finetune", settings={"file": str(file)})

    assert not file.exists()
