"""Joining a server that runs, or starting it, exactly once however many processes ask."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import dspysota
from dspysota.errors import ServerError
from dspysota.serving import diagnosis, eviction, presence, room
from dspysota.serving.health import healthy
from dspysota.serving.home import Home, Launch, State, Status, write_private
from dspysota.serving.remote import served_names
from dspysota.serving.turns import holding
from dspysota.serving.vllm import Command
from dspysota.serving.waiting import Ticker

ATTEMPTS = 3
"""A server found dead, or whose port another program took first, is started this often in all."""
POLL_SECONDS = 0.2
SECRET = ("KEY", "TOKEN", "SECRET", "PASSWORD")
"""An environment variable with one of these in its name is none of the server's business."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """The server that a lease asks for. `port` is None when any free one will do."""

    model: str
    command: Command
    home: Home
    root: Path
    port: int | None


def obtain(wanted: Wanted, ticker: Ticker, available: room.Available, *, uses_others: bool) -> State:
    """Return the state of a server that answers, after joining or starting it.

    Raises:
        ServerError: it does not start, does not fit, or does not answer.
    """
    home, model = wanted.home, wanted.model
    for _ in range(ATTEMPTS):
        began = time.time()
        if _current(home, ticker) is None:
            with holding(wanted.root / "start.lock", ticker, "another server to start"):
                if _current(home, ticker) is None and not _failed_since(home, began):
                    _make_room(wanted, ticker, available, uses_others=uses_others)
                    _spawn(wanted, ticker)
                state = _settled(wanted, ticker)
        else:
            state = _settled(wanted, ticker)
        if state is None or state.status is Status.FAILED:
            if wanted.port is None and diagnosis.port_taken(home):
                continue
            raise ServerError(diagnosis.failure(model, home, state))
        if state.status is Status.READY:
            if _answers(home, state, model):
                return state
            with holding(home.lock, ticker, f"the server of '{model}' to end"):
                eviction.stop(home)
    raise ServerError(f"The server of '{model}' ended each time it was started; its log is {home.log}.")


def _answers(home: Home, state: State, model: str) -> bool:
    """Whether the server is sound, and is ours and not another program on its port: it knows our key and our model."""
    try:
        # The health check sees a dead engine; the list of models would still be given out.
        return healthy(state.port, timeout=30.0) and model in served_names(
            f"http://127.0.0.1:{state.port}/v1", home.key(), timeout=30.0
        )
    except (ServerError, FileNotFoundError):
        return False


def _current(home: Home, ticker: Ticker) -> State | None:
    with holding(home.lock, ticker, f"the server in {home.folder.name} to end"):
        return home.current()


def _failed_since(home: Home, began: float) -> bool:
    """Whether the server failed while we waited for our turn: then it would fail for us as well."""
    state = home.state()
    return state is not None and state.status is Status.FAILED and state.since >= began


def _settled(wanted: Wanted, ticker: Ticker) -> State | None:
    """Wait until the server is ready or its supervisor is gone."""
    while True:
        # In this order: a supervisor writes its last word before it goes.
        alive = presence.held(wanted.home.supervisor)
        state = wanted.home.state()
        if not alive or (state is not None and state.status is Status.READY):
            return state
        last = wanted.home.log_lines(1)
        ticker.say(f"starting the server of '{wanted.model}'" + (f": {last[0]}" if last else ""))
        time.sleep(POLL_SECONDS)


def _make_room(wanted: Wanted, ticker: Ticker, available: room.Available, *, uses_others: bool) -> None:
    """Stop idle servers, then wait for busy ones, until the server fits.

    Who uses a server already does not wait: two such processes would wait for each other for ever.

    Raises:
        ServerError: it will not fit.
    """
    eviction.reap(wanted.root)
    while True:
        others = [server for server in eviction.running(wanted.root) if server.home.folder != wanted.home.folder]
        if room.lacking_bytes(wanted.command, others, available) <= 0:
            return
        idle = next((server for server in others if not server.busy), None)
        if idle is not None:
            eviction.stop_idle(idle.home)
        elif others and not uses_others:
            names = ", ".join(f"'{server.launch.model}'" for server in others)
            ticker.say(f"waiting for {names} to finish: memory does not allow '{wanted.model}' beside it")
            time.sleep(POLL_SECONDS)
        else:
            raise ServerError(room.shortage(wanted.model, wanted.command, others, available()))


def _spawn(wanted: Wanted, ticker: Ticker) -> None:
    home, command = wanted.home, wanted.command
    port = wanted.port or _free_port()
    launch = Launch(
        model=wanted.model,
        argv=(*command.argv, "--port", str(port)),
        env=command.env,
        port=port,
        backend=command.kind,
        need_bytes=command.need_bytes,
        grace_seconds=command.grace_seconds,
    )
    with holding(home.lock, ticker, f"the server of '{wanted.model}' to end"):
        # One that is just ending, or one whose supervisor was killed.
        eviction.clear(home)
        home.prepare(launch, secrets.token_urlsafe(32))
        write_private(home.supervisor_log, "")
        with home.supervisor_log.open("r+b") as log:
            done = subprocess.run(
                [sys.executable, "-P", "-m", "dspysota.serving.supervisor", str(home.folder)],
                env=_environment(),
                cwd=home.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                check=False,
            )
    if done.returncode:
        lines = home.supervisor_log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        raise ServerError(
            f"The server of '{wanted.model}' could not be started: {lines[-1] if lines else 'no reason given'}. "
            f"Details are in {home.supervisor_log}; run `dspysota doctor`."
        )


def _environment() -> dict[str, str]:
    """Make the supervisor's environment: ours without its secrets, and with our own package importable."""
    env = {name: value for name, value in os.environ.items() if not any(word in name.upper() for word in SECRET)}
    ours = str(Path(dspysota.__file__).parents[1])
    env["PYTHONPATH"] = os.pathsep.join(filter(None, [ours, env.get("PYTHONPATH")]))
    return env


def _free_port() -> int:
    """Ask the kernel for a free port; another program may still take it first, which `obtain` survives."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
