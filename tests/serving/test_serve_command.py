"""`dspysota serve` says how to use its server, and Ctrl-C stops it."""

import os
import re
import signal
import subprocess
import sys

import pytest

from dspysota.cli import main, parser
from tests.serving.servers import ROOT, eventually, gone, only_home

PROGRAM = """
import sys
from pathlib import Path
from types import SimpleNamespace
from dspysota.cli import parser, serve
from tests.serving.servers import manager

root = Path(sys.argv[1])
serve.ensure = lambda spec: SimpleNamespace(path=root, digest=None)
args = parser().parse_args(["serve", "smollm2-135m", *sys.argv[2:]])
sys.exit(serve.run(args, manager(root)))
"""


@pytest.fixture
def serve(tmp_path):
    started = []

    def start(*flags):
        started.append(
            subprocess.Popen(
                [sys.executable, "-c", PROGRAM, str(tmp_path), *flags],
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                cwd=tmp_path,
                stdout=subprocess.PIPE,
                text=True,
            )
        )
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_serve_says_how_to_use_it_and_a_signal_stops_it(serve, tmp_path, number):
    """It prints URL, model name and where the key is, never the key; Ctrl-C and SIGTERM stop it cleanly."""
    process = serve("--foreground")
    assert process.stdout is not None
    said = ""
    while "loading weights" not in said:
        said += process.stdout.readline()
    home = only_home(tmp_path)
    pid = home.state().pid
    process.send_signal(number)
    rest, _ = process.communicate(timeout=60)
    assert re.search(r"smollm2-135m answers at http://127\.0\.0\.1:\d+/v1", said)
    assert f"--sota-base-url http://127.0.0.1:{home.state().port}/v1" in said
    assert str(home.folder / "key") in said
    assert home.key() not in said
    assert rest.endswith("stopped\n")
    assert process.returncode == 0
    eventually(lambda: gone(pid), "the server ends")


@pytest.mark.parametrize("port", ["0", "65536", "http"])
def test_a_port_that_is_none_is_refused(port, capsys):
    """A port out of range is refused with the range."""
    with pytest.raises(SystemExit):
        parser().parse_args(["serve", "smollm2-135m", "--port", port])
    assert "give 1 to 65535" in capsys.readouterr().err


def test_a_context_longer_than_the_models_is_refused_before_anything_is_fetched(tmp_path, monkeypatch, capsys):
    """vLLM would say so, too, but only after gigabytes were fetched and converted."""
    monkeypatch.setattr("dspysota.cli.serve.ensure", lambda spec: pytest.fail(f"{spec.name} was fetched"))
    monkeypatch.chdir(tmp_path)

    assert main(["serve", "smollm2-135m", "--max-model-len", "8193"]) == 2

    assert "max_model_len is 8193, but 'smollm2-135m' has a context of 8192 tokens" in capsys.readouterr().err
