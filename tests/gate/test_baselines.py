"""Baselines on disk: small, stable, without what a repository should not hold, and found again."""

import math
import re
import zlib

import pytest

from dspysota.errors import ConfigError, RunError
from dspysota.gate import Identity, Word, available, decide, find, load, save
from dspysota.gate.baselines import Profile
from dspysota.records import Failure, ModelInfo
from dspysota.store import load_runs
from tests.factories import make_grid, make_run

PROFILE = Profile(profile="embedded")


def keep(out, runs, name="main", **more):
    return save(out, name, runs, profile=PROFILE, **more)


def test_a_baseline_compares_like_the_runs_it_was_made_of(tmp_path):
    """Nothing that a rule reads is lost by saving."""
    runs = make_grid(10)
    path, _ = keep(tmp_path, runs)

    gate = decide(runs, load(path, "main").runs, name="main")

    assert {one.word for one in gate.runs} == {Word.OK}
    assert {change.change for one in gate.runs for change in one.changes if change.kind != "seconds"} <= {0.0, None}
    assert load_runs(path) == list(load(path, "main").runs)


def test_the_same_runs_give_the_same_bytes(tmp_path):
    """In whatever order they were measured: git shows a change where there is one."""
    runs = make_grid(5)
    one, _ = keep(tmp_path / "a", runs)
    other, _ = keep(tmp_path / "b", list(reversed(runs)))

    assert {p.name: p.read_bytes() for p in one.iterdir()} == {p.name: p.read_bytes() for p in other.iterdir()}


def test_a_baseline_holds_nothing_that_should_not_be_committed(tmp_path):
    """Neither questions nor prompts nor outputs, no address, no folder, no message of an error."""
    run = make_run([1.0, 0.0, 1.0])
    model = ModelInfo(
        name="small",
        digest=None,
        backend="endpoint",
        served_name="/srv/models/small",
        base_url="http://gpu7.corp.example:8000/v1",
        server_flags=("--chat-template", "/home/ann/template.jinja", "--dtype=bfloat16", "--config=/home/ann/c.yaml"),
        server_env={"LD_PRELOAD": "/opt/lib/libx.so", "PROXY": "http://proxy.corp.example"},
    )
    compiled = run.info.compile.model_copy(update={"notes": ("see /home/ann/x",)})
    data = run.info.data.model_copy(update={"origin": "/home/ann/data"})
    broken = run.cases[1].model_copy(
        update={
            "error": "at http://gpu7.corp.example:8000",
            "failure": Failure.TIMEOUT,
            "details": {"titles": ["Rome"]},
        }
    )
    info = run.info.model_copy(update={"model": model, "compile": compiled, "data": data})
    run = run.model_copy(update={"info": info, "cases": (run.cases[0], broken, run.cases[2])})

    path, _ = keep(tmp_path, [run])
    text = "".join(file.read_text() for file in path.iterdir())

    for secret in ("corp.example", "/home", "/srv", "/opt", "ann", "6 times 7", "6 * 7", "Rome", "8000"):
        assert secret not in text
    assert "--dtype=bfloat16" in text


def test_a_baseline_of_the_whole_test_set_is_small(tmp_path):
    """docs/ci.md says how small: of one run with 1,319 questions below 600 kB, and a tenth of that as git stores it."""
    path, _ = keep(tmp_path, [make_grid(1319)[3]])

    contents = [file.read_bytes() for file in path.iterdir()]

    assert sum(map(len, contents)) < 600_000
    assert sum(len(zlib.compress(each)) for each in contents) < 60_000


def test_saving_a_part_keeps_the_rest(tmp_path):
    """A session of one task does not lose another's baseline; what is dropped on purpose is gone."""
    zero, few, boot = (make_run([1.0] * 4, approach=name) for name in ("zero_shot", "few_shot", "bootstrap"))
    keep(tmp_path, [zero, few])

    path, kept = keep(tmp_path, [make_run([0.0] * 4, approach="few_shot"), boot])
    scores = {run.info.approach: run.score() for run in load_runs(path)}
    keep(tmp_path, [boot], drop={Identity.of(zero.info)})

    assert (kept, scores) == (1, {"bootstrap": 1.0, "few_shot": 0.0, "zero_shot": 1.0})
    assert [run.info.approach for run in load_runs(path)] == ["bootstrap", "few_shot"]


@pytest.mark.parametrize(
    "change, said",
    [
        ({"scores": {"exact_match": 2.0}}, "score 2.0"),
        ({"seconds": -5.0}, "-5.0 seconds"),
        ({"seconds": math.inf}, "inf seconds"),
        ({"tokens": 10**400}, "a number of tokens"),
    ],
)
def test_numbers_that_no_measurement_has_are_refused(tmp_path, change, said):
    """A file can be edited by hand: one sentence names the case, and nothing is lost at the end of a session."""
    (run, *_) = make_grid(5)
    first = run.cases[0]
    if tokens := change.pop("tokens", None):
        call = first.calls[0]
        usage = call.usage.model_copy(update={"prompt_tokens": tokens})
        change["calls"] = (call.model_copy(update={"usage": usage}),)
    if scores := change.get("scores"):
        change["scores"] = {**first.scores, **dict.fromkeys(first.scores, scores["exact_match"])}
    edited = run.model_copy(update={"cases": (first.model_copy(update=change), *run.cases[1:])})
    path, _ = keep(tmp_path, [edited])

    with pytest.raises(
        RunError, match=rf"'main' has {re.escape(said)} in case '{first.case_id}' of .*, which cannot be"
    ):
        load(path, "main")


def test_a_baseline_is_found_by_name_folder_and_file(tmp_path):
    """Whatever is at hand: `main`, the folder, a file in it."""
    path, _ = keep(tmp_path, [make_run()])

    names = ("main", "baselines/main", "baselines/main/run.json", "baselines/main/cases.jsonl")

    found = [find(text, out=tmp_path, base=tmp_path) for text in names]

    assert found == [path] * 4
    assert available(tmp_path) == ["main"]


def test_latest_may_be_a_file_with_a_name(tmp_path):
    """Where links are not allowed, `latest` is a text file."""
    path, _ = keep(tmp_path, [make_run()])
    (path.parent / "latest").write_text("main\n")

    assert find("baselines/latest", out=tmp_path / "elsewhere", base=tmp_path) == path


def test_a_baseline_that_is_not_there_is_one_sentence(tmp_path):
    """It says which there are, and how one is made."""
    with pytest.raises(ConfigError, match=r"'main' is neither .* none is saved yet: --sota-save NAME does it"):
        find("main", out=tmp_path, base=tmp_path)
    keep(tmp_path, [make_run()], name="nightly")
    with pytest.raises(ConfigError, match="saved are nightly"):
        find("main", out=tmp_path, base=tmp_path)


@pytest.mark.parametrize("name", ["../main", "a/b", ".hidden", "", "x" * 200])
def test_a_name_cannot_lead_elsewhere(tmp_path, name):
    """What is written is written below reports/baselines."""
    with pytest.raises(ConfigError, match="cannot be the name of a baseline"):
        keep(tmp_path, [make_run()], name=name)
