from contextlib import ExitStack

import pytest

from dspysota.testing import FakeServer
from tests.plugin.claimed import Claimed
from tests.plugin.projects import MODEL, Project, added, install


@pytest.fixture
def installed(pytester, monkeypatch, tmp_path_factory):
    """The plugin, as if its wheel were installed, and a cache of its own."""
    install(tmp_path_factory.mktemp("site"), monkeypatch)
    monkeypatch.setenv("DSPYSOTA_HOME", str(tmp_path_factory.mktemp("home")))
    return pytester


@pytest.fixture
def server():
    with FakeServer(added, name=MODEL) as server:
        yield server


@pytest.fixture
def project(installed, server):
    return Project(installed, server.base_url)


@pytest.fixture
def claimed(installed):
    """Makes a project that claims something of a small model beside a large one."""
    with ExitStack() as stack:
        yield lambda **values: Claimed(installed, stack, **values)
