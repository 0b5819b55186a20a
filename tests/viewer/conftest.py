"""A viewer that serves, and a client that says exactly what a test wants said."""

import http.client
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from dspysota.viewer import Viewer
from tests.history.keeping import FIRST, SECOND, keep


@dataclass
class Reply:
    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def text(self):
        return self.body.decode()


@contextmanager
def serving(out):
    """A viewer in a thread of its own."""
    with Viewer(out) as viewer:
        thread = threading.Thread(target=viewer.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield viewer
        finally:
            viewer.shutdown()
            thread.join()


def ask(viewer, path, method="GET", cookie=True, **headers):
    """One request; `cookie` is that of a reader who has been here, and `Host` is right unless it is given."""
    named = {"Host": f"127.0.0.1:{viewer.port}"}
    if cookie:
        named["Cookie"] = f"{viewer.cookie}={viewer.key}"
    connection = http.client.HTTPConnection("127.0.0.1", viewer.port, timeout=30)
    try:
        connection.putrequest(method, path, skip_host=True)
        for name, value in {**named, **headers}.items():
            if value is not None:
                connection.putheader(name.replace("_", "-"), value)
        connection.endheaders()
        response = connection.getresponse()
        return Reply(response.status, response.read(), dict(response.getheaders()))
    finally:
        connection.close()


@pytest.fixture
def out(tmp_path, monkeypatch):
    """Two finished folders, and the cache of the test's own."""
    monkeypatch.setenv("DSPYSOTA_HOME", str(tmp_path / "home"))
    out = tmp_path / "reports"
    keep(out, FIRST)
    keep(out, SECOND)
    return out


@pytest.fixture
def viewer(out):
    with serving(out) as viewer:
        yield viewer
