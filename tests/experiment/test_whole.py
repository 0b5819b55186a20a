"""A whole profile measured by one call."""

import os
import signal

import pytest

from dspysota import ConfigError, load_runs, measure_profile
from dspysota.testing import FakeServer
from tests.plugin.projects import PROFILE, added, asked, write_rows

MODEL = "smollm2-135m"
CONCURRENCY = 4


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A project with a profile and rows, and a cache of its own."""
    monkeypatch.setenv("DSPYSOTA_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("DSPYSOTA_DATA", raising=False)
    (tmp_path / "fixtures" / "profiles").mkdir(parents=True)
    (tmp_path / "fixtures" / "profiles" / "sums.yaml").write_text(PROFILE)
    write_rows(tmp_path / "rows")
    return tmp_path


@pytest.fixture
def server():
    with FakeServer(added, name=MODEL) as server:
        yield server


def measure(root, server, **values):
    return measure_profile("sums", root=root, data=root / "rows", base_url=server.base_url, **values)


def test_every_cell_is_measured_once_and_kept(root, server, capsys):
    """Runs come back in the order of the cells; their folder has records and a report, as a session's has."""
    runs = measure(root, server)

    assert ["zero_shot", "few_shot"] == [run.info.approach for run in runs]
    assert [1.0, 1.0] == [run.score() for run in runs]
    assert sorted(2 * list(range(10))) == asked(server)
    latest = root / "reports" / "latest"
    assert runs == sorted(load_runs(str(latest)), key=lambda run: run.info.approach, reverse=True)
    assert "dspysota.measure_profile" in (latest / "report.html").read_text()
    assert "10/10, exact_match 1.000 [0.722, 1.000]" in capsys.readouterr().err


def test_a_call_that_broke_off_goes_on(root):
    """Ctrl-C after some answers: the same call asks for the rest in the same folder, and for nothing that it has."""
    answered = []

    def interrupting(messages):
        answered.append(messages)
        if len(answered) == 8:
            os.kill(os.getpid(), signal.SIGINT)
        return added(messages)

    with FakeServer(interrupting, name=MODEL) as server:
        with pytest.raises(KeyboardInterrupt):
            measure(root, server)
        runs = measure(root, server)

        assert [10, 10] == [len(run.cases) for run in runs]
        assert 1 == len([path for path in (root / "reports").iterdir() if not path.is_symlink()])
        assert 20 <= len(asked(server)) <= 20 + CONCURRENCY


@pytest.mark.parametrize(
    "values,said",
    [
        ({"limit": 0}, "limit=0 asks no question"),
        ({"tasks": ["gsm9k"]}, "There is no task 'gsm9k'"),
        ({"tasks": ["hotpotqa"]}, "has no cell of hotpotqa"),
    ],
)
def test_what_cannot_be_measured_is_one_sentence(root, server, values, said):
    """Before any model is asked, and before a folder is made."""
    with pytest.raises(ConfigError, match=said):
        measure(root, server, **values)

    assert not server.requests
    assert not (root / "reports").exists()
