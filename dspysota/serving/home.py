"""The folder of one server: what it was started with, how it is, and who uses it.

Everything in it is for this user alone (folder 0700, files 0600):

    lock         held while one of the files below is judged or changed
    supervisor   locked by the supervisor as long as it lives
    holders/     one locked file per process that leased the server and still lives
    users/       one locked file per lease in use at this moment
    launch.json  command, environment and port
    key          the API key, for the supervisor to hand to the server's environment
    state.json   written by the supervisor only
    server.log   what the server prints; server.log.1 is that of the start before
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from dspysota import paths
from dspysota.serving import presence

LOG_BYTES = 65536
"""How much of a log's end is read."""


class Status(StrEnum):
    """How a server is. `FAILED` never became ready, `DIED` did and then ended unasked, `STOPPED` was asked to end."""

    STARTING = "starting"
    READY = "ready"
    STOPPING = "stopping"
    FAILED = "failed"
    DIED = "died"
    STOPPED = "stopped"


RUNNING = frozenset({Status.STARTING, Status.READY})


@dataclass(frozen=True, kw_only=True)
class Launch:
    """What is started: written before the supervisor, read by it."""

    model: str
    argv: tuple[str, ...]
    env: Mapping[str, str]
    """Added to the environment; never a secret."""
    port: int
    backend: str
    need_bytes: int
    """Memory that the server will take, estimated."""
    grace_seconds: float
    """Time from SIGTERM to SIGKILL."""
    start_seconds: float = 1800.0
    """A server not ready by then has failed."""


@dataclass(frozen=True, kw_only=True)
class State:
    """How the server is, as its supervisor last wrote it. Times are seconds since the epoch."""

    status: Status
    port: int
    pid: int
    """The server's first process, which leads its session."""
    create_time: float
    executable: str
    supervisor_pid: int
    since: float
    message: str = ""


class Home:
    """One server's folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.holders = folder / "holders"
        self.users = folder / "users"
        self.supervisor = folder / "supervisor"
        self.log = folder / "server.log"
        self.supervisor_log = folder / "supervisor.log"
        self.lock = folder / "lock"

    def create(self) -> None:
        """Create the folder, for this user alone. Raises ConfigError where that cannot be."""
        paths.make(self.folder, mode=0o700)
        self.folder.chmod(0o700)

    def launch(self) -> Launch | None:
        """Read what the server was last started with."""
        found = _read(self.folder / "launch.json")
        return None if found is None else Launch(**{**found, "argv": tuple(found["argv"])})

    def state(self) -> State | None:
        """Read how the server was last; None before its first start."""
        found = _read(self.folder / "state.json")
        return None if found is None else State(**{**found, "status": Status(found["status"])})

    def current(self) -> State | None:
        """Read the state of a server that runs or is about to; None when there is none."""
        state = self.state()
        return state if state and state.status in RUNNING and presence.held(self.supervisor) else None

    def is_held(self) -> bool:
        """Whether a living process holds the server."""
        return bool(presence.living(self.holders))

    def key(self) -> str:
        """Read the API key."""
        return (self.folder / "key").read_text(encoding="ascii")

    def prepare(self, launch: Launch, key: str) -> None:
        """Write what a new start needs and put the old log and state away."""
        self.create()
        if self.log.exists():
            self.log.replace(self.log.with_suffix(".log.1"))
        (self.folder / "state.json").unlink(missing_ok=True)
        write_private(self.folder / "key", key)
        write_private(self.folder / "launch.json", json.dumps(asdict(launch), indent=1))

    def save(self, state: State) -> None:
        """Replace the state; readers see the old one or the new one, whole."""
        write_private(self.folder / "state.json", json.dumps(asdict(state), indent=1))

    def log_lines(self, count: int) -> list[str]:
        """Read the last `count` lines of the log that say something."""
        try:
            with self.log.open("rb") as file:
                file.seek(max(0, self.log.stat().st_size - LOG_BYTES))
                text = file.read().decode("utf-8", "replace")
        except FileNotFoundError:
            return []
        # A log is somebody else's text: no control characters reach the terminal.
        clean = ("".join(char for char in line if char.isprintable()).strip() for line in text.splitlines())
        return [line for line in clean if any(char.isalnum() for char in line)][-count:]


def write_private(path: Path, text: str) -> None:
    """Replace a file by one that only this user can read."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.{time.monotonic_ns()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    draft.replace(path)


def _read(path: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    return found if isinstance(found, dict) else None
