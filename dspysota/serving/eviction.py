"""Which servers run, and stopping those that nobody uses or nobody looks after any more."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout

from dspysota.serving import presence, processes
from dspysota.serving.home import Home
from dspysota.serving.room import Running

STOP_SECONDS = 60.0
"""A supervisor ends its server within half of this, by SIGKILL if need be."""


def homes(root: Path) -> list[Home]:
    """List the servers that were ever started below a folder."""
    return [Home(path.parent) for path in sorted(root.glob("*/launch.json"))] if root.is_dir() else []


def running(root: Path) -> list[Running]:
    """List the servers that run below a folder, longest running first."""
    found = []
    for home in homes(root):
        state, launch = home.current(), home.launch()
        if state is not None and launch is not None:
            found.append((state.create_time, Running(home, launch, busy=bool(presence.living(home.users)))))
    return [server for _, server in sorted(found, key=lambda pair: pair[0])]


def stop_idle(home: Home) -> bool:
    """Stop a server unless somebody uses it, or is just about to. Returns whether it was stopped."""
    try:
        with FileLock(home.lock, timeout=0, mode=0o600):
            if presence.living(home.users, sweep=True):
                return False
            stop(home)
            return True
    except Timeout:
        return False


def stop(home: Home) -> None:
    """Ask the supervisor to end its server and wait until both are gone; hold the server's lock for that."""
    deadline = time.monotonic() + STOP_SECONDS
    asked = False
    while presence.held(home.supervisor) and time.monotonic() < deadline:
        state = home.state()
        if not asked and state is not None:
            with suppress(ProcessLookupError):
                os.kill(state.supervisor_pid, signal.SIGTERM)
            asked = True
        time.sleep(0.05)


def clear(home: Home) -> None:
    """End whatever there is of a server, with or without its supervisor; hold the server's lock for that."""
    stop(home)
    state, launch = home.state(), home.launch()
    if state is not None and launch is not None:
        processes.stop_remains(state.pid, state.create_time, state.executable, grace_seconds=launch.grace_seconds)


def reap(root: Path) -> None:
    """End what is left of servers whose supervisors were killed."""
    for home in homes(root):
        if presence.held(home.supervisor):
            continue
        with suppress(Timeout), FileLock(home.lock, timeout=0, mode=0o600):
            # Whoever had the lock before us may have started it.
            if not presence.held(home.supervisor):
                clear(home)
