"""A journal holds every case that ended, survives every death, and belongs to one run."""

import json
import os
import threading
from pathlib import Path

import pytest

from dspysota.errors import RunError
from dspysota.store import Journal
from dspysota.store import journal as module
from tests.factories import make_case, make_info


def write(path, n=3, *, elapsed=1.0, start=0):
    with Journal(path, "the-key") as journal:
        for i in range(start, start + n):
            journal.append(make_case(f"q{i}"), elapsed * (i - start + 1))


def read(path):
    with Journal(path, "the-key") as journal:
        return journal


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "cases" / "the-key.jsonl"


def test_cases_come_back_as_they_were(path):
    """What was appended is read back, equal."""
    write(path)
    assert read(path).cases == {f"q{i}": make_case(f"q{i}") for i in range(3)}


def test_first_line_says_whose_it_is(path):
    """The header names the format, the run key, the time, and the run where it is known."""
    with Journal(path, "the-key", make_info()):
        pass
    header = json.loads(path.read_text().splitlines()[0])
    assert (header["schema"], header["key"], header["info"]["task"]) == (1, "the-key", "gsm8k")


@pytest.mark.parametrize("cut", [1, 5, 40])
def test_a_torn_last_line_is_cut_off(path, cut):
    """A line that was being written when the machine died is ignored, and the next one starts afresh."""
    write(path)
    whole = path.read_bytes()
    os.truncate(path, len(whole) - cut)
    write(path, 1, start=7)
    assert list(read(path).cases) == ["q0", "q1", "q7"]


def test_a_last_line_of_zeros_is_cut_off(path):
    """A power failure may leave a last line of zeros; it is ignored."""
    write(path)
    with path.open("ab") as file:
        file.write(b"\0" * 64 + b"\n")
    write(path, 1, start=7)
    assert list(read(path).cases) == ["q0", "q1", "q2", "q7"]


def test_a_torn_header_is_written_again(path):
    """Death during the very first line leaves a journal that can be used."""
    path.parent.mkdir()
    path.write_text('{"schema":1,"ke')
    write(path, 1)
    assert list(read(path).cases) == ["q0"]


def test_a_bad_line_in_the_middle_is_named(path):
    """What cannot be read is an error with file and line, never a case less."""
    write(path)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:2], b'{"session": 1}\n', *lines[2:]]))
    with pytest.raises(RunError, match=r'"cases/the-key.jsonl", line 3: elapsed: Field required'):
        read(path)


def test_another_runs_journal_is_refused(path):
    """A journal is continued only under its own key."""
    write(path)
    with pytest.raises(RunError, match="belongs to run 'the-key', not 'other'"):
        Journal(path, "other")
    assert len(read(path).cases) == 3


def test_a_newer_format_is_refused(path):
    """A journal of a later dspysota is not guessed at."""
    path.parent.mkdir()
    path.write_text('{"schema":99,"key":"the-key","started":"2026-01-01"}\n')
    with pytest.raises(RunError, match="format 99"):
        Journal(path, "the-key")


def test_the_first_of_two_equal_cases_counts(path):
    """A case that two processes wrote is taken once: the first."""
    with Journal(path, "the-key") as journal:
        journal.append(make_case("q0", 1.0), 1.0)
        journal.append(make_case("q0", 0.0), 2.0)
    assert read(path).cases["q0"].scores["exact_match"] == 1.0


def test_sessions_and_their_seconds_add_up(path):
    """Each opening is a session; its wall time lasts to its last line, so it is known after any death."""
    write(path, 3, elapsed=2.0)
    with Journal(path, "the-key") as journal:
        journal.append(make_case("q9"), 1.5)
        journal.end(10.0)
    read(path)  # opened and left: no session
    found = read(path)
    assert (found.earlier_sessions, found.earlier_seconds) == (2, 16.0)


def test_one_writer_at_a_time(path, monkeypatch):
    """A second writer is refused with a sentence instead of mixing its cases in."""
    monkeypatch.setattr(module, "WAIT_SECONDS", 0.0)
    with Journal(path, "the-key"), pytest.raises(RunError, match="being written by another process"):
        Journal(path, "the-key")
    read(path)


def test_threads_share_a_journal(path):
    """Lines of many threads never mix."""
    with Journal(path, "the-key") as journal:

        def work(start):
            for i in range(start, start + 25):
                journal.append(make_case(f"q{i}"), 1.0)

        threads = [threading.Thread(target=work, args=(100 * k,)) for k in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(read(path).cases) == 200


def test_a_closed_journal_refuses_cases(path):
    """A thread left over from an interrupted run cannot write any more."""
    with Journal(path, "the-key") as journal:
        pass
    with pytest.raises(RunError, match="closed"):
        journal.append(make_case(), 1.0)


def test_a_full_disk_is_an_error_that_keeps_the_journal(path, monkeypatch):
    """A write that was cut short is taken back, so that what follows can be read."""
    with Journal(path, "the-key") as journal:
        journal.append(make_case("q0"), 1.0)
        real = os.write
        monkeypatch.setattr(os, "write", lambda file, data: real(file, data[:10]))
        with pytest.raises(RunError, match="no space left"):
            journal.append(make_case("q1"), 1.0)
        monkeypatch.undo()
        journal.append(make_case("q2"), 1.0)
    assert list(read(path).cases) == ["q0", "q2"]
