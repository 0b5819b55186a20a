"""What is seen of a run while it goes on: on a terminal, in a log, and under -q."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios

import pytest

from dspysota.testing import FakeServer
from tests.plugin.projects import MODEL, PROFILE, Project, added

pytest_plugins = ["pytester"]

COLUMNS = 70
PRICED = PROFILE.replace("smollm2-135m: {}", "smollm2-135m: {price: {prompt: 1000, completion: 1000}}")


@pytest.fixture
def slow(installed):
    """A project whose server takes a moment for each answer, so that there is something to see meanwhile."""
    with FakeServer(added, name=MODEL, seconds=0.25) as server:
        yield Project(installed, server.base_url)


def on_terminal(project, *arguments):
    """The command on a terminal of 70 columns, and all that it wrote there."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, COLUMNS, 0, 0))
    environment = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
    command = [sys.executable, "-m", "pytest", *project.arguments, "-k", "zero_shot", *arguments]
    process = subprocess.Popen(
        command, cwd=project.path, stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs, env=environment
    )
    os.close(theirs)
    written = b""
    while True:
        try:
            written += os.read(ours, 65536)
        except OSError:  # the other end is closed: Linux says so by an error
            break
    os.close(ours)
    assert process.wait(60) == 0, written.decode()
    return written.decode()


def test_a_terminal_has_one_line_that_is_kept_up_to_date(slow):
    """It begins with nothing answered, fits into the terminal, and what stands in the end is the whole."""
    written = on_terminal(slow)

    pieces = [re.sub(r"\x1b\[[0-9;]*m", "", piece) for piece in re.split(r"[\r\n]+", written)]
    lines = [piece for piece in pieces if "-zero_shot: " in piece]
    counts = [int(re.findall(r": (\d+)/10", line)[0]) for line in lines]
    assert counts[0] == 0
    assert counts == sorted(counts)
    assert counts[-1] == 10
    assert len(counts) >= 3
    assert max(len(line.rstrip()) for line in lines[:-1]) < COLUMNS
    assert re.search(r"gsm8k · smollm2-135m-zero_shot: 10/10, exact_match 1.000 \[0.722, 1.000\], ", lines[-1])
    assert written.count("10/10") == 1


def test_a_log_has_plain_lines(slow):
    """ASCII, nothing rewritten, and the run's last state, dollars included where a price is known."""
    slow.profile(PRICED)
    result = slow.run("-k", "zero_shot")

    text = result.stdout.str()
    (line,) = [line for line in text.splitlines() if "10/10" in line]
    score = r"exact_match 1\.000 \[0\.722, 1\.000\]"
    assert re.fullmatch(rf"  gsm8k / smollm2-135m-zero_shot: 10/10, {score}, [\d.]+ q/s, \$[\d.]+, took 0:0\d", line)
    assert text.isascii()
    assert "\r" not in text


def test_quiet_is_quiet_on_a_terminal_too(slow):
    """Under -q nothing is said of a run but what pytest says of its test."""
    written = on_terminal(slow, "-q")

    assert "10/10" not in written
    assert "exact_match" not in written
