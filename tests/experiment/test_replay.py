"""Runs that an earlier command stored, as references."""

import pytest

from dspysota.claims.references import Asked
from dspysota.errors import ConfigError
from dspysota.experiment import replay
from dspysota.records import ReferenceCell
from dspysota.store import RunFolder
from tests.factories import make_data, make_run

LARGE = "qwen2.5-coder-1.5b"
CELL = ReferenceCell(task="gsm8k", model=LARGE, program="cot", approach="zero_shot", adapter="plain")
ROWS = make_data("gsm8k", rows=4)


@pytest.fixture
def stored(tmp_path):
    def stored(*runs):
        folder = RunFolder.open(tmp_path, "key")
        for run in runs:
            folder.save_run(run)
        folder.finish()
        return folder.path

    return stored


def test_a_stored_run_is_replayed_under_a_key_of_its_own(stored):
    """So that nobody takes it for one measured now; its cases are as they were."""
    run = make_run(model_name=LARGE)
    [found] = replay.load(stored(run, make_run()), CELL, ROWS)

    assert ("replayed", f"{run.info.key}-replayed") == (found.info.provenance, found.info.key)
    assert run.cases == found.cases


def test_a_replay_of_a_replay_is_one(stored):
    """Neither its key nor its badge grows."""
    [once] = replay.load(stored(make_run(model_name=LARGE)), CELL, ROWS)
    [twice] = replay.load(stored(once), CELL, ROWS)

    assert once == twice


@pytest.mark.parametrize(
    "run,parts",
    [
        (make_run(task="hotpotqa", model_name=LARGE), ["it has runs of hotpotqa"]),
        (make_run(), ["the reference is qwen2.5-coder-1.5b", "runs of qwen2.5-coder-0.5b"]),
        (
            make_run(
                [1.0] * 6, model_name=LARGE, data=make_data("gsm8k", rows=6).model_copy(update={"digest": "d" * 64})
            ),
            ["4 rows of gsm8k", "6 rows of gsm8k", "sha256 dddddddddddd…", "--sota-limit 6"],
        ),
        (
            make_run(model_name=LARGE, data=make_data("gsm8k", rows=4).model_copy(update={"digest": "d" * 64})),
            ["sha256 dddddddddddd…", f"sha256 {ROWS.digest[:12]}…"],
        ),
        (
            make_run(model_name=LARGE).model_copy(update={"cases": make_run().cases[:2]}),
            ["interrupted or ended early"],
        ),
    ],
    ids=["task", "model", "number", "rows", "part"],
)
def test_what_cannot_be_compared_is_refused_with_the_difference(stored, run, parts):
    """One sentence, before any model is asked."""
    with pytest.raises(ConfigError) as caught:
        replay.load(stored(run), CELL, ROWS)

    for part in parts:
        assert part in str(caught.value)


def test_a_policy_that_the_folder_cannot_serve_is_refused(stored, tmp_path):
    """With what it has instead."""
    run = make_run(model_name=LARGE)
    asked = Asked(program="cot", approach="bootstrap", adapter="plain", data=ROWS.digest)
    runs = replay.load(stored(run), CELL, ROWS)

    assert runs[0] == replay.choose("baseline", tmp_path, CELL, asked, runs).run
    with pytest.raises(ConfigError, match=r"same_program is qwen2\.5-coder-1\.5b · cot · bootstrap · plain, and"):
        replay.choose("same_program", tmp_path, CELL, asked, runs)


def test_a_folder_that_is_not_there_is_named(tmp_path):
    """A profile may name one that was removed."""
    with pytest.raises(ConfigError, match="which does not exist"):
        replay.load(tmp_path / "gone", CELL, ROWS)
