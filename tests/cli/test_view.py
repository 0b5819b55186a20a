"""`dspysota view`: serves until Ctrl-C."""

import http.client
import signal
import socket
import stat
import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from dspysota.cli import main
from tests.history.keeping import FIRST, keep


@pytest.fixture
def out(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DSPYSOTA_HOME", str(tmp_path / "home"))
    keep(tmp_path / "reports", FIRST)
    return tmp_path / "reports"


class Screen(StringIO):
    def isatty(self):
        return True


def start(*words):
    command = [sys.executable, "-m", "dspysota.cli", "view", "--no-open", *words]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("words", [[], ["reports"], [f"reports/{FIRST}"]])
def test_it_prints_an_address_and_ends_with_0_on_ctrl_c(out, words):
    """Ctrl-C is how it ends: no error, no traceback, no key but in the address."""
    with start(*words) as process:
        assert process.stdout is not None
        address = urlsplit(process.stdout.readline().strip())
        connection = http.client.HTTPConnection("127.0.0.1", address.port, timeout=30)
        connection.request("GET", f"/?{address.query}")
        assert connection.getresponse().status == 303
        connection.close()
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=60)

    assert process.returncode == 0
    assert stdout == ""
    assert "Traceback" not in stderr
    assert address.query.removeprefix("key=") not in stderr


def test_a_port_that_is_taken_is_one_sentence(out, capsys):
    """And status 2."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["view", "--no-open", "--port", str(port)]) == 2

    assert f"Port {port} cannot be used" in capsys.readouterr().err


def test_a_browser_is_not_started_with_the_key_on_its_command_line(out, monkeypatch):
    """Everybody on the machine sees command lines; what leads to the address is a file of the owner's."""
    seen: dict[str, Any] = {}

    def opened(url):
        path = Path(urlsplit(url).path)
        seen.update(url=url, path=path, text=path.read_text(), mode=stat.S_IMODE(path.parent.stat().st_mode))

    def interrupted(self, poll_interval):
        raise KeyboardInterrupt

    monkeypatch.setattr("webbrowser.open", opened)
    monkeypatch.setattr("dspysota.viewer.Viewer.serve_forever", interrupted)
    monkeypatch.setattr("sys.stdout", Screen())
    monkeypatch.setenv("DISPLAY", ":0")

    assert main(["view"]) == 0
    assert "key=" not in seen["url"]
    assert "?key=" in seen["text"]
    assert seen["mode"] == 0o700
    assert not seen["path"].exists()


@pytest.mark.parametrize("port", ["x", "-1", "65536", "", "²"])
def test_a_port_that_is_none_is_refused(out, port, capsys):
    """By its range."""
    with pytest.raises(SystemExit):
        main(["view", "--port", port])
    assert "from 0 (any) to 65535" in capsys.readouterr().err


def test_a_folder_that_is_none_is_one_sentence(tmp_path, monkeypatch, capsys):
    """A newcomer who has measured nothing yet is told what to do."""
    monkeypatch.chdir(tmp_path)

    assert main(["view", "--no-open"]) == 2
    assert "pytest evals" in capsys.readouterr().err
