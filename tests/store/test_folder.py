"""Run folders: continued by the same command, left alone by others, readable at every moment."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from dspysota.errors import RunError
from dspysota.store import RunFolder, command_key, load_runs
from tests.factories import make_case, make_info, make_run

HOLDER = """
import sys
from pathlib import Path
from dspysota.store import RunFolder
folder = RunFolder.open(Path(sys.argv[1]), "the-command")
print(folder.path.name, flush=True)
sys.stdin.read()
"""

JOINER = """
import sys
from pathlib import Path
from dspysota.store import RunFolder
from tests.factories import make_case, make_run
folder, key = RunFolder.join(Path(sys.argv[1])), sys.argv[2]
with folder.journal(key) as journal:
    for i in range(50):
        journal.append(make_case(f"q{i}"), 1.0)
folder.save_run(make_run([1.0] * 50, key=key))
"""


@pytest.fixture
def out(tmp_path) -> Path:
    return tmp_path / "reports"


@pytest.fixture
def holder(out):
    """Another living process that has opened the folder of the same command."""
    command = [sys.executable, "-c", HOLDER, str(out)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.folder = process.stdout.readline().strip()  # type: ignore[attr-defined]
        yield process
        process.kill()


def finish(out, run=None, key="the-command"):
    folder = RunFolder.open(out, key, command="pytest evals")
    folder.save_run(run or make_run())
    folder.finish()
    return folder.path


def abandon(folder):
    """What the death of the owner leaves: the folder, without its lock."""
    assert folder._owner is not None
    folder._owner.release()


def test_a_finished_folder_reads_back(out):
    """Runs come back equal, with their cases in order, and in the order in which they were started."""
    first, second = make_run(key="b", started="2026-01-01T00:00:00+00:00"), make_run(key="a")
    folder = RunFolder.open(out, "the-command")
    folder.save_run(second)
    folder.save_run(first)
    assert folder.runs() == [first, second]
    folder.finish()
    assert load_runs(folder.path) == [first, second]


def test_what_a_finished_folder_holds(out):
    """`run.json` and `cases.jsonl` are the whole record; journals are gone; `latest` is a relative link."""
    path = finish(out)
    assert sorted(entry.name for entry in path.iterdir()) == ["cases.jsonl", "run.json"]
    record = json.loads((path / "run.json").read_text())
    assert (record["schema"], record["status"], record["command"]) == (1, "finished", "pytest evals")
    assert [info["task"] for info in record["runs"]] == ["gsm8k"]
    lines = [json.loads(line) for line in (path / "cases.jsonl").read_text().splitlines()]
    assert [(line["run"], line["case"]["case_id"]) for line in lines] == [(make_info().key, f"q{i}") for i in range(4)]
    assert os.readlink(out / "latest") == path.name


def test_no_path_and_no_user_is_written(out):
    """Nothing in the folder says where on which machine it lies."""
    path = finish(out)
    assert not any(str(out.parent) in file.read_text() for file in path.iterdir())


def test_an_interrupted_command_is_continued(out):
    """The same command goes on in the folder that its dead process left; another command does not."""
    folder = RunFolder.open(out, "the-command")
    with folder.journal("k") as journal:
        journal.append(make_case("q0"), 1.0)
    abandon(folder)
    assert RunFolder.open(out, "other").path != folder.path
    again = RunFolder.open(out, "the-command")
    assert (again.path, again.continued) == (folder.path, True)
    with again.journal("k") as journal:
        assert list(journal.cases) == ["q0"]
    assert again.unfinished() == ["k"]


def test_a_complete_run_need_not_be_measured_again(out):
    """A run that was saved before the interruption is found by its key."""
    folder = RunFolder.open(out, "the-command")
    folder.save_run(make_run(key="k"))
    abandon(folder)
    again = RunFolder.open(out, "the-command")
    assert again.saved("k") == make_run(key="k")
    assert again.saved("other") is None


def test_fresh_begins_anew(out):
    """`fresh` leaves the interrupted folder alone and makes another."""
    folder = RunFolder.open(out, "the-command")
    abandon(folder)
    again = RunFolder.open(out, "the-command", fresh=True)
    assert (again.path != folder.path, again.continued) == (True, False)


def test_a_finished_folder_is_never_continued(out):
    """The same command after a finished one starts anew, and does not reach back behind it."""
    old = RunFolder.open(out, "the-command", fresh=True)
    abandon(old)
    old.path.rename(out / "20200101T000000Z-0000")
    finished = finish(out.parent / "elsewhere")
    finished.rename(out / finished.name)
    assert not RunFolder.open(out, "the-command").continued


def test_a_living_process_keeps_its_folder(out, holder):
    """Two identical commands at the same time get a folder each; after the first one's death its folder is free."""
    mine = RunFolder.open(out, "the-command")
    assert mine.path.name != holder.folder
    mine.save_run(make_run())
    mine.finish()
    mine.path.rename(out / "20200101T000000Z-0000")
    holder.kill()
    holder.wait()
    again = RunFolder.open(out, "the-command")
    assert (again.path.name, again.continued) == (holder.folder, True)


def test_processes_write_different_journals_of_one_folder(out):
    """Helpers join the owner's folder; what they saved is in its end."""
    folder = RunFolder.open(out, "the-command")
    keys = ["a", "b", "c"]
    helpers = [subprocess.Popen([sys.executable, "-c", JOINER, str(folder.path), key]) for key in keys]
    assert [helper.wait(timeout=60) for helper in helpers] == [0, 0, 0]
    assert folder.unfinished() == []
    folder.finish()
    assert {run.info.key: len(run.cases) for run in load_runs(folder.path)} == dict.fromkeys(keys, 50)


def test_only_the_owner_finishes_a_folder(out):
    """A helper's end leaves the folder as it is; once the owner is dead a helper may claim it and finish."""
    folder = RunFolder.open(out, "the-command")
    folder.save_run(make_run())
    helper = RunFolder.join(folder.path)
    helper.finish()
    assert json.loads((folder.path / "run.json").read_text())["status"] == "running"
    with pytest.raises(RunError, match="living process"):
        RunFolder.claim(folder.path)
    abandon(folder)
    RunFolder.claim(folder.path).finish()
    assert load_runs(folder.path) == [make_run()]
    with pytest.raises(RunError, match="finished"):
        RunFolder.claim(folder.path)


def test_an_unfinished_folder_reads_as_far_as_it_got(out):
    """Saved runs come first, then those in the making with the cases, sessions and seconds they have."""
    folder = RunFolder.open(out, "the-command")
    folder.save_run(make_run(key="done"))
    with folder.journal("half", make_info(key="half")) as journal:
        journal.append(make_case("q0"), 2.5)
    with folder.journal("nameless") as journal:
        journal.append(make_case("q0"), 2.5)
    done, half = load_runs(folder.path)
    assert (done.info.key, half.info.key) == ("done", "half")
    assert (len(half.cases), half.info.wall_seconds, half.info.sessions) == (1, 2.5, 1)


def test_latest_points_to_the_newest(out):
    """Each end of a command moves `latest`, an unfinished end too."""
    finish(out)
    folder = RunFolder.open(out, "other")
    folder.close()
    assert (out / "latest").resolve() == folder.path.resolve()


def test_latest_is_a_text_file_where_links_are_not_allowed(out, monkeypatch):
    """Without symbolic links, `latest` holds the folder's name."""

    def refuse(*arguments, **options):
        raise OSError("no links here")

    monkeypatch.setattr(Path, "symlink_to", refuse)
    path = finish(out)
    assert (out / "latest").read_text() == f"{path.name}\n"


@pytest.mark.parametrize(
    "name, damage, message",
    [
        ("cases.jsonl", lambda text: text.replace('"case_id":"q1"', '"case_id":1'), r"s.jsonl\", line 2: case.case_id"),
        ("cases.jsonl", lambda text: text.replace('{"run":"', '{"run":"x', 1), "has cases of run 'x"),
        ("run.json", lambda text: text.replace('"schema": 1', '"schema": 2, "new": 3'), "format 2"),
        ("run.json", lambda text: "{", r"run.json\", line 1"),
    ],
)  # fmt: skip
def test_damage_is_named(out, name, damage, message):
    """Files that cannot be read, and those of a newer dspysota, are errors that name the file and the place."""
    path = finish(out)
    file = path / name
    file.write_text(damage(file.read_text()))
    with pytest.raises(RunError, match=message):
        load_runs(path)


def test_a_folder_without_runs_is_named(tmp_path):
    """Any other folder is refused by name."""
    with pytest.raises(RunError, match="holds no runs"):
        load_runs(tmp_path)


@pytest.mark.parametrize("key", ["", "../x", "a/b", ".hidden", "a b"])
def test_a_run_key_must_be_a_file_name(out, key):
    """A key never leads out of the folder."""
    with pytest.raises(RunError, match="run key"):
        RunFolder.open(out, "the-command").journal(key)


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    """A file in the way of the folder is an error with its name."""
    (tmp_path / "reports").write_text("")
    with pytest.raises(RunError, match="No run folder can be made"):
        RunFolder.open(tmp_path / "reports", "the-command")


def test_equal_commands_have_equal_keys():
    """The order of the parts does not matter, every value does."""
    assert command_key({"a": 1, "b": [2]}) == command_key({"b": [2], "a": 1})
    assert command_key({"a": 1}) != command_key({"a": "1"})
