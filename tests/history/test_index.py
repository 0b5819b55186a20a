"""The index reads a folder once, follows every change, and can be lost at any time."""

import sqlite3
import subprocess
import sys

import pytest

from dspysota.errors import RunError
from dspysota.history import Contents, Index, points
from tests.factories import make_run
from tests.history.keeping import FIRST, SECOND, begin, iso, keep

READER = """
import sys
from pathlib import Path
from dspysota.history import Index
found = Index(Path(sys.argv[1]), Path(sys.argv[2])).read()
print(len(found.entries), len(found.points))
"""


@pytest.fixture
def out(tmp_path):
    keep(tmp_path / "reports", FIRST)
    return tmp_path / "reports"


@pytest.fixture
def file(tmp_path):
    return tmp_path / "index.sqlite"


@pytest.fixture
def reads(monkeypatch):
    """Names of the folders whose cases were read."""
    seen = []

    def read(folder):
        seen.append(folder.name)
        return points(folder)

    monkeypatch.setattr("dspysota.history.index.points", read)
    return seen


def test_figures_are_those_of_the_runs(out, file):
    """Score with interval, tokens, latency, verdict, and what makes runs comparable."""
    run = make_run(started=iso(FIRST))

    (point,) = Index(out, file).read().points

    assert (point.folder, point.data, point.label) == (FIRST, "gsm8k", "qwen2.5-coder-0.5b · cot · zero_shot")
    assert (point.score, point.cases, point.rows, point.tokens) == (0.75, 4, 4, 30.0)
    assert point.low is not None
    assert point.high is not None
    assert 0 < point.low < 0.75 < point.high < 1
    assert (point.p95, point.verdict, point.commit) == (0.5, "not judged", run.info.commit)
    assert point.cost is None


def test_a_folder_is_read_once(out, file, reads):
    """The next page, and the next process, take what is kept; a new folder is added to it."""
    Index(out, file).read()
    Index(out, file).read()
    assert reads == [FIRST]

    keep(out, SECOND)
    found = Index(out, file).read()

    assert reads == [FIRST, SECOND]
    assert [one.name for one in found.entries] == [SECOND, FIRST]
    assert [one.folder for one in found.points] == [SECOND, FIRST]


def test_what_changed_is_read_again_and_what_is_gone_is_forgotten(out, file, reads):
    """The folders are the truth."""
    index = Index(out, file)
    index.read()
    keep(out, FIRST, make_run([1.0, 1.0, 1.0, 1.0, 1.0]))

    assert [(one.cases, one.score) for one in index.read().points] == [(5, 1.0)]
    (out / FIRST).rename(out / SECOND)
    assert [one.folder for one in index.read().points] == [SECOND]
    (out / SECOND).rename(out / "away")
    assert index.read() == Contents((), ())


@pytest.mark.parametrize("harm", ["delete", "rubbish", "other version", "no tables"])
def test_a_lost_index_is_made_anew(out, file, reads, harm):
    """Deleted, damaged, of another version, or empty: the same figures come out."""
    index = Index(out, file)
    before = index.read()
    if harm == "delete":
        file.unlink()
    elif harm == "rubbish":
        file.write_bytes(b"no database" * 1000)
    else:
        with sqlite3.connect(file) as db:
            db.execute("PRAGMA user_version = 7" if harm == "other version" else "DROP TABLE points")
        db.close()

    assert index.read() == before
    assert reads == [FIRST, FIRST]


def test_an_unfinished_folder_is_listed_as_it_stands(out, file):
    """Its cases grow with every look, and it has no place in a trend before its end."""
    folder = begin(out, answers=2)
    index = Index(out, file)
    first = index.read()
    with folder.journal("going") as journal:
        from tests.factories import make_case

        journal.append(make_case("q7"), 2.0)
    second = index.read()

    assert [(found.entries[0].status, found.entries[0].cases) for found in (first, second)] == [
        ("unfinished", 6),
        ("unfinished", 7),
    ]
    assert [one.folder for one in second.points] == [FIRST]
    folder.drop("going")
    folder.finish()
    assert len(index.read().points) == 2


def test_a_folder_that_cannot_be_read_says_why(out, file):
    """And the others are there."""
    keep(out, SECOND)
    (out / SECOND / "cases.jsonl").write_text("{\n")

    for _ in range(2):
        found = Index(out, file).read()
        assert [(one.name, one.status) for one in found.entries] == [(SECOND, "damaged"), (FIRST, "finished")]
        assert "line 1" in found.entries[0].why


def test_several_processes_read_at_once(out, file):
    """Each gets everything, whoever was first."""
    keep(out, SECOND)
    command = [sys.executable, "-c", READER, str(out), str(file)]
    readers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]

    assert [reader.communicate(timeout=120)[0] for reader in readers] == ["2 2\n"] * 3


def test_it_is_kept_in_the_cache_under_a_name_that_tells_nothing(out, tmp_path, monkeypatch):
    """Neither the reports folder nor its path; and without a cache it is kept for as long as it is used."""
    monkeypatch.setenv("DSPYSOTA_HOME", str(tmp_path / "home"))
    index = Index(out)

    assert index.file.parent == tmp_path / "home" / "history"
    assert "reports" not in index.file.name
    assert len(index.read().points) == 1

    (tmp_path / "file").write_text("")
    monkeypatch.setenv("DSPYSOTA_HOME", str(tmp_path / "file"))
    assert len(Index(out).read().points) == 1
    assert {path.name for path in out.iterdir()} == {FIRST}


def test_an_index_that_cannot_be_written_is_one_sentence(out, tmp_path):
    """With the file that is to be deleted."""
    (tmp_path / "folder.sqlite").mkdir()

    with pytest.raises(RunError, match=r"delete .*folder\.sqlite"):
        Index(out, tmp_path / "folder.sqlite").read()
