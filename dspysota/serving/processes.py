"""Finding and ending the processes of a server, all of them and no others."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress

import psutil

PR_SET_PDEATHSIG = 1
"""`man 2 prctl`: send this process a signal when its parent dies."""

TOLERANCE = 2.0
"""Seconds by which two readings of one process's start may differ: they are computed from an adjustable clock."""


def started(pid: int) -> float | None:
    """When a process began, seconds since the epoch; None when it is gone or a zombie."""
    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else process.create_time()
    except psutil.Error:
        return None


def is_same(pid: int, create_time: float) -> bool:
    """Whether `pid` still is the process that began at `create_time`, and not one that got its number later."""
    found = started(pid)
    return found is not None and abs(found - create_time) < TOLERANCE


def members(session: int) -> list[psutil.Process]:
    """List the living processes of a session (`setsid`) or process group of that number."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if session in (os.getsid(process.pid), os.getpgid(process.pid)) and (
                process.status() != psutil.STATUS_ZOMBIE
            ):
                found.append(process)
    return found


def stop_session(session: int, *, reap: Callable[[], object], grace_seconds: float) -> list[psutil.Process]:
    """End every process of a session: SIGTERM to its leader, some grace, SIGKILL to what is left.

    Only the leader gets the SIGTERM: it is vLLM's API server, which then ends its engine in order.

    Args:
        session: number of the session, which is the pid of its leader.
        reap: called while waiting, to collect exit codes where the leader is our child.
        grace_seconds: time from SIGTERM to SIGKILL.

    Returns:
        Processes that even SIGKILL did not end within 10 s; empty unless the kernel is stuck.
    """
    if any(process.pid == session for process in members(session)):
        with suppress(ProcessLookupError):
            os.kill(session, signal.SIGTERM)
    if not _gone(session, reap, grace_seconds):
        for process in members(session):
            with suppress(psutil.Error):
                process.kill()
        _gone(session, reap, 10.0)
    return members(session)


def _gone(session: int, reap: Callable[[], object], seconds: float) -> bool:
    """Wait until a session is empty. Once its leader is gone, 3 s: nobody is left to end the others in order."""
    deadline = time.monotonic() + seconds
    led = True
    while time.monotonic() < deadline:
        reap()
        left = {process.pid for process in members(session)}
        if not left:
            return True
        if led and session not in left:
            led = False
            deadline = min(deadline, time.monotonic() + 3.0)
        time.sleep(0.1)
    return False


def stop_remains(session: int, create_time: float, executable: str, *, grace_seconds: float) -> bool:
    """End what is left of a server whose supervisor is gone. Returns whether anything was.

    A process is taken for part of that server when it is in its session, began no earlier, belongs to this user and is
    called like vLLM or runs the same executable. When another process leads a session of that number, nothing is.
    """
    leader = started(session)
    if leader is not None and not is_same(session, create_time):
        return False
    remains = [process for process in members(session) if _belongs(process, create_time, executable)]
    if leader is not None and remains:
        with suppress(ProcessLookupError):
            os.kill(session, signal.SIGTERM)
        _, remains = psutil.wait_procs(remains, timeout=grace_seconds)
    for process in remains:
        with suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(remains, timeout=10.0)
    return bool(remains) or leader is not None


def _belongs(process: psutil.Process, create_time: float, executable: str) -> bool:
    try:
        line = process.cmdline()
        return (
            process.uids().real == os.getuid()
            and process.create_time() > create_time - TOLERANCE
            and bool(line)
            and (line[0] == executable or "vllm" in line[0].lower())
        )
    except psutil.Error:
        return False


def die_with_parent() -> Callable[[], None]:
    """Make a `preexec_fn` by which a child gets SIGTERM when its parent dies, even by SIGKILL (Linux; else nothing)."""
    if not sys.platform.startswith("linux"):
        return lambda: None
    parent = os.getpid()
    # Loaded before the fork: between fork and exec nothing may allocate more than it must.
    prctl = ctypes.CDLL(None, use_errno=True).prctl

    def child() -> None:
        prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return child
