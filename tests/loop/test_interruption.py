"""A measurement that dies goes on where it stopped, however it dies."""

import signal
import subprocess
import sys
from collections import Counter

import pytest

from dspysota.store import load_runs
from dspysota.testing import FakeServer, Fault
from tests.loop.asking import adding, make_examples

N, AT_ONCE = 60, 4


def start(server, out):
    command = [sys.executable, "-m", "tests.loop.measure", server.base_url, str(out), str(N), str(AT_ONCE)]
    return subprocess.Popen(command, stderr=subprocess.DEVNULL)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM], ids=lambda how: how.name)
def test_no_case_is_lost_or_asked_twice(how, tmp_path):
    """Killed in the middle, the same command asks only what was not answered; in all, only cases in flight repeat."""
    before = 20

    def hang(number, question):
        return Fault("hang") if before <= number < before + AT_ONCE else None

    with FakeServer(adding, faults=hang) as server:
        with start(server, tmp_path) as victim:
            assert server.wait_until(lambda s: len(s.requests) == before + AT_ONCE)
            (partial,) = load_runs(next(path for path in tmp_path.iterdir() if path.is_dir()))
            victim.send_signal(how)
            assert victim.wait(timeout=20) != 0
        with start(server, tmp_path) as second:
            assert second.wait(timeout=60) == 0
        asked = Counter(request.question for request in server.requests)
    (run,) = load_runs(tmp_path / "latest")
    assert [case.case_id for case in run.cases] == [example.id for example in make_examples(N)]
    assert run.score() == 1.0
    assert sorted(asked) == sorted(example.question for example in make_examples(N))
    assert set(asked.values()) == {1, 2}
    assert sum(n == 2 for n in asked.values()) == AT_ONCE
    assert len(partial.cases) == before
    assert run.info.sessions == 2
    assert run.info.wall_seconds > partial.info.wall_seconds > 0
    assert len([path for path in tmp_path.iterdir() if not path.is_symlink()]) == 1
