"""Parquet and JSON lines: one row a case, typed, complete, and written whole."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pyarrow import parquet

from dspysota.errors import ConfigError, RunError
from dspysota.exports import export
from dspysota.exports.rows import COLUMNS, rows
from dspysota.records import Failure, Prices, TokenPrice
from tests.factories import make_call, make_case, make_grid, make_run

ROOT = Path(__file__).parents[2]
NAME = "20261101T120000Z-0001"


def table(runs, tmp_path):
    (path,) = export(runs, "parquet", tmp_path, source=NAME)
    return parquet.read_table(path)


def lines(runs, tmp_path):
    (path,) = export(runs, "jsonl", tmp_path, source=NAME)
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_a_row_says_which_run_it_is_of_and_what_came_of_the_question(tmp_path):
    """Enough to compute any score, cost or latency of a report again."""
    prices = Prices(basis="list", tokens=TokenPrice(prompt=1.0, completion=2.0))
    run = make_run([1.0, 0.0], prices=prices)

    right, wrong = table([run], tmp_path).to_pylist()

    identity = ("folder", "run_key", "data", "model", "weights", "program", "approach", "adapter", "seed", "provenance")
    found = [right[name] for name in identity]
    info = run.info
    known = [info.data.name, info.model.name, info.model.digest, info.program, info.approach, "plain", 0, "measured"]
    assert found == [NAME, info.key, *known]
    assert right["started"] == datetime(2026, 11, 22, 18, 4, 11, tzinfo=UTC)
    assert [right[name] for name in ("case_id", "gold", "prediction", "failure", "score")] == [
        "q0",
        "42",
        "42",
        None,
        1,
    ]
    assert [wrong[name] for name in ("case_id", "prediction", "failure", "score")] == ["q1", "41", "wrong", 0.0]
    assert (right["seconds"], right["prompt_tokens"], right["completion_tokens"], right["calls"]) == (0.5, 20, 10, 1)
    assert (right["cost"], right["cost_basis"], right["cost_unit"]) == (pytest.approx(40e-6), "list", "$")
    assert right["requests"][0]["messages"] == [{"role": "user", "content": "What is 6 times 7?"}]
    assert (right["output"], right["requests"][0]["output"]) == ("6 * 7 = 42\n#### 42",) * 2


def test_columns_are_typed_and_every_one_is_documented(tmp_path):
    """The schema stands in the file and in docs/history.md."""
    schema = table([make_run()], tmp_path).schema
    document = (ROOT / "docs/history.md").read_text()

    kinds = {name: str(schema.field(name).type) for name in ("seed", "score", "seconds", "started", "question")}
    assert kinds == {
        "seed": "int64",
        "score": "double",
        "seconds": "double",
        "started": "timestamp[ms, tz=UTC]",
        "question": "string",
    }
    assert schema.metadata[b"dspysota.schema"] == b"1"
    assert [one.name for one in COLUMNS if f"`{one.name}`" not in document] == []


def test_tasks_with_other_metrics_share_a_table(tmp_path):
    """A column for each metric; null where a task lacks it, and the main one under one name."""
    runs = make_grid(cases=3)

    rows = table(runs, tmp_path).to_pylist()

    assert len(rows) == 30
    for row in rows:
        assert (row["score_exact_match"] is None) == (row["task"] == "hotpotqa")
        assert row["score"] == row[f"score_{row['metric']}"]


def test_both_forms_hold_the_same(tmp_path):
    """JSON has no times: they are ISO 8601."""
    runs = make_grid(cases=2)

    rows = table(runs, tmp_path / "p").to_pylist()
    for row in rows:
        row["started"] = row["started"].isoformat()

    assert lines(runs, tmp_path / "j") == rows


def test_what_is_unknown_is_null_and_not_zero(tmp_path):
    """Tokens that a server did not report, the cost without a price, the answer that could not be read."""
    call = make_call(usage={"prompt_tokens": None, "completion_tokens": None})
    lost = make_case("q1", 0.0, failure=Failure.TIMEOUT, prediction=None, calls=())
    run = make_run([1.0, 0.0])
    run = run.model_copy(update={"cases": (make_case("q0", calls=(call,)), lost)})

    first, second = lines([run], tmp_path)

    assert [first[name] for name in ("prompt_tokens", "completion_tokens", "cost")] == [None] * 3
    assert [second[name] for name in ("prediction", "output", "failure")] == [None, None, "timeout"]
    assert second["error"]


def test_text_that_is_no_text_is_spelled_out(tmp_path):
    """Half a surrogate pair cannot be encoded; everything else stays as the model said it."""
    call = make_call("\x1b[2J\ud800 <script>")
    run = make_run([1.0])
    run = run.model_copy(update={"cases": (make_case("q0", calls=(call,), prediction="\udfff"),)})

    (row,) = table([run], tmp_path).to_pylist()

    assert (row["output"], row["prediction"]) == ("\x1b[2J\\ud800 <script>", "\\udfff")


def test_no_address_gets_into_it(tmp_path):
    """Where a model was served is nobody's business who reads its answers."""
    run = make_run()
    model = run.info.model.model_copy(update={"base_url": "http://me:hunter2@10.1.2.3/v1"})
    run = run.model_copy(update={"info": run.info.model_copy(update={"model": model})})

    for form in ("parquet", "jsonl", "lm-eval"):
        for path in export([run], form, tmp_path / form, source=NAME):
            assert b"hunter2" not in path.read_bytes()
            assert b"10.1.2.3" not in path.read_bytes()


@pytest.mark.parametrize("form", ["parquet", "jsonl", "lm-eval"])
def test_files_that_are_there_stay_unless_forced(tmp_path, form):
    """Nobody loses a file by typing a command twice."""
    made = export([make_run()], form, tmp_path, source=NAME)
    before = [path.read_bytes() for path in made]

    with pytest.raises(ConfigError, match="is there already; add --force"):
        export([make_run([0.0])], form, tmp_path, source=NAME)

    assert [path.read_bytes() for path in made] == before
    export([make_run([0.0])], form, tmp_path, source=NAME, force=True)
    assert [path.read_bytes() for path in made] != before
    assert list(tmp_path.rglob(".*")) == []


def test_a_failure_in_the_middle_leaves_nothing(tmp_path, monkeypatch):
    """Neither half a file nor the folder that it was written in."""

    def fails(run, folder):
        yield from rows(run, folder)
        raise MemoryError

    monkeypatch.setattr("dspysota.exports.tables.rows", fails)

    for form in ("parquet", "jsonl"):
        with pytest.raises(MemoryError):
            export([make_run()], form, tmp_path, source=NAME)

    assert list(tmp_path.iterdir()) == []


def test_mistakes_are_one_sentence(tmp_path):
    """An unknown form, nothing to write, and a place that is none."""
    (tmp_path / "file").write_text("")

    with pytest.raises(ConfigError, match="must be one of parquet, jsonl, lm-eval"):
        export([make_run()], "csv", tmp_path, source=NAME)
    with pytest.raises(ConfigError, match="no case to export"):
        export([make_run([])], "jsonl", tmp_path, source=NAME)
    with pytest.raises(RunError, match="name another --output"):
        export([make_run()], "jsonl", tmp_path / "file", source=NAME)
