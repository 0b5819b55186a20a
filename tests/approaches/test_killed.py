"""Compilations that were killed, or whose server died: they go on, and pay nothing twice."""

import json

import pytest

from dspysota import programs
from dspysota.testing import FakeServer, Fault
from tests.approaches.asking import bodies, fickle, prepare, shown


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """An empty cache of the test's own."""
    monkeypatch.setenv("DSPYSOTA_HOME", str(tmp_path))
    return tmp_path


class Killed(BaseException):
    """As Ctrl-C: nobody catches it on the way."""


class Deadly:
    """An engine that dies instead of sending its `after`th request."""

    def __init__(self, engine, after):
        self.engine = engine
        self.after = after
        self.sent = iter(range(10**9))

    def complete(self, request):
        if next(self.sent) >= self.after:
            raise Killed
        return self.engine.complete(request)

    def __deepcopy__(self, memo):
        return self


@pytest.mark.parametrize("after", [0, 1, 7, 20, 41])
@pytest.mark.parametrize("name", ["random_search", "ensemble", "knn"])
def test_a_killed_search_goes_on_and_pays_nothing_twice(home, name, after):
    """What was on the tape when it was killed is not asked again, and the result is that of an undisturbed search."""
    with FakeServer(fickle) as server:
        undisturbed = prepare(server, name, cache_key={"model": "another"})
    after = min(after, undisturbed.info.calls - 1)
    with FakeServer(fickle) as server:
        lm = programs.make_lm(server.base_url, server.name, None, max_tokens=50, retries=0)
        with pytest.raises(Killed):
            prepare(server, name, lm=lm.copy(engine=Deadly(lm.door, after)))
    (tape,) = (home / "tapes").glob("*.jsonl")
    known = {json.loads(line)["key"] for line in tape.read_text().splitlines()}
    with FakeServer(fickle) as server:
        again = prepare(server, name)

        assert len(server.requests) == undisturbed.info.calls - len(known)
    assert after - 3 <= len(known) <= after
    assert shown(again) == shown(undisturbed)
    assert again.info.calls == undisturbed.info.calls
    assert again.info.validation_score == undisturbed.info.validation_score


@pytest.mark.parametrize("name", ["random_search", "knn"])
def test_a_server_that_dies_on_the_way_spoils_nothing(name):
    """Failed requests are asked again the next time, the others not; what was found among failures is not kept."""
    dies = lambda number, question: Fault("error", 400) if number >= 20 else None  # noqa: E731
    calls = 20 if name == "random_search" else 12
    faults = dies if name == "random_search" else (lambda number, q: Fault("error", 400) if number >= 12 else None)
    with FakeServer(fickle, faults=faults) as server:
        prepare(server, name)
        answered = set(bodies(server)[:calls])
    with FakeServer(fickle) as server:
        again = prepare(server, name)

        assert not answered & set(bodies(server))
    assert not again.info.reused
