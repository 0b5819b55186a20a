"""What a command has spent is one number for all of its processes, whoever dies."""

import threading

import pytest

from dspysota.store import Spending


def test_two_processes_share_one_limit(tmp_path):
    """What one has set aside the other cannot; what turned out cheaper is free again."""
    one, other = Spending(tmp_path), Spending(tmp_path)

    assert one.set_aside(0.6, 1.0)
    assert not other.set_aside(0.6, 1.0)
    one.settle(0.6, 0.1)
    assert other.set_aside(0.6, 1.0)
    assert 0.7 == pytest.approx(one.spent)


def test_what_a_killed_process_had_set_aside_counts(tmp_path):
    """The server may have charged it: a limit that is to hold cannot hope for the contrary."""
    Spending(tmp_path).set_aside(0.6, 1.0)

    assert not Spending(tmp_path).set_aside(0.6, 1.0)


def test_a_line_that_a_kill_cut_short_spoils_no_other(tmp_path):
    """It is left out, and the next one stands on a line of its own."""
    Spending(tmp_path).settle(0.0, 0.25)
    path = tmp_path / "spending.jsonl"
    path.write_bytes(path.read_bytes() + b'{"aside": -0.1, "sp')

    Spending(tmp_path).settle(0.0, 0.5)

    assert 0.75 == pytest.approx(Spending(tmp_path).spent)


def test_threads_never_go_beyond_the_limit_together(tmp_path):
    """Of a hundred that want a tenth of it, ten get it."""
    spending = Spending(tmp_path)
    got = []
    threads = [threading.Thread(target=lambda: got.append(spending.set_aside(1.0, 10.0))) for _ in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert 10 == sum(got)


def test_a_stop_is_heard_by_all_under_the_same_limit_and_by_none_under_another(tmp_path):
    """So a command with a higher limit goes on."""
    Spending(tmp_path).stop(1.0)

    assert Spending(tmp_path).stopped_at(1.0)
    assert not Spending(tmp_path).stopped_at(2.0)
