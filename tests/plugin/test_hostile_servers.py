"""What a server says reaches the terminal as text, and as little of it as explains what is wrong."""

import pytest

from dspysota.testing import FakeServer, Fault
from tests.plugin.projects import MODEL, Project, added

pytest_plugins = ["pytester"]

ATTACK = "<script>\x1b[31m\u202e" + "a" * 5_000


def shown(installed, **server):
    """All that a session says whose server cannot be measured."""
    with FakeServer(added, **server) as fake:
        project = Project(installed, fake.base_url)
        result = project.run("-k", "zero_shot")
    result.assert_outcomes(failed=1)
    reports = [path.read_text() for path in project.latest.rglob("*") if path.is_file()]
    return result.stdout.str(), reports


@pytest.mark.parametrize(
    "server, says",
    [
        ({"name": ATTACK}, "does not serve 'smollm2-135m'; it serves '<script>␛[31m"),
        ({"name": MODEL, "faults": lambda *_: Fault("error", 400, body=ATTACK)}, "HTTP 400: <script>␛[31m"),
    ],
    ids=["models", "warm-up"],
)
def test_a_server_cannot_act_on_the_terminal(installed, server, says):
    """Its names and its errors are spelled out and cut short, on the terminal and in every report."""
    said, reports = shown(installed, **server)

    assert says in said
    for text in (said, *reports):
        assert "\x1b" not in text
        assert "\u202e" not in text
        assert "a" * 1_000 not in text
