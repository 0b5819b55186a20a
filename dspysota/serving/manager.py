"""One server per model and options on this machine, shared by all processes and gone with the last of them."""

from __future__ import annotations

import functools
import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from dspysota import paths
from dspysota.records import ModelInfo
from dspysota.serving import eviction, room
from dspysota.serving.endpoint import Endpoint
from dspysota.serving.home import Home, State
from dspysota.serving.options import ServerOptions
from dspysota.serving.presence import Presence
from dspysota.serving.starting import Wanted, obtain
from dspysota.serving.turns import holding
from dspysota.serving.vllm import Build, Command, build
from dspysota.serving.waiting import Ticker

if TYPE_CHECKING:
    from dspysota.catalog import ModelSpec


class Manager:
    """The servers below one folder.

    Args:
        root: where servers keep their state; every process that shares servers names the same folder.
        build: makes the command of a server; tests put a fake server here.
        available: reads the free memory, bytes.
    """

    def __init__(
        self, root: Path | None = None, *, build: Build = build, available: room.Available = room.available_bytes
    ) -> None:
        self.root = root or paths.servers_dir()
        self._build = build
        self._available = available
        self._holders: dict[Path, Presence] = {}
        self._in_use: Counter[Path] = Counter()
        self._homes: dict[str, Home] = {}

    @contextmanager
    def lease(
        self,
        spec: ModelSpec,
        weights_path: Path,
        digest: str | None,
        *,
        options: ServerOptions | None = None,
        port: int | None = None,
        console: Console | None = None,
    ) -> Iterator[Endpoint]:
        """Use the one server of this model with these options, starting it if there is none.

        The server counts as in use within the block. After it, this process keeps the server alive until it ends or
        calls `release`, unless memory is needed for another one.

        Raises:
            ServerError: it does not start, does not fit into memory, or does not answer.
        """
        command = self._build(spec, weights_path.absolute(), options or ServerOptions())
        home = Home(self.root / f"{spec.name}-{_identity(command, digest)}")
        wanted = Wanted(model=spec.name, command=command, home=home, root=self.root, port=port)
        with Ticker(console) as ticker:
            user = self._register(home, ticker)
            try:
                state = obtain(wanted, ticker, self._available, uses_others=self._in_use.total() > 0)
            except BaseException:
                user.release()
                raise
        endpoint = _endpoint(spec, digest, command, home, state)
        self._homes[endpoint.base_url] = home
        self._in_use[home.folder] += 1
        try:
            yield endpoint
        finally:
            self._in_use[home.folder] -= 1
            user.release()

    def home(self, endpoint: Endpoint) -> Home:
        """Find the folder of a server that this manager leased."""
        return self._homes[endpoint.base_url]

    def release(self) -> None:
        """Hold no server any more; those that no other process holds end within seconds. Idempotent."""
        while self._holders:
            self._holders.popitem()[1].release()

    def evict_idle(self, needed_bytes: int | None = None) -> int:
        """Stop servers that no lease uses now, longest running first, until `needed_bytes` are free; None: all of them.

        Returns:
            How many were stopped.
        """
        stopped = 0
        for server in eviction.running(self.root):
            if needed_bytes is not None and self._available() >= needed_bytes:
                break
            stopped += eviction.stop_idle(server.home)
        return stopped

    def running(self) -> list[str]:
        """Name the servers that run now, whoever uses them, by their folders."""
        return [server.home.folder.name for server in eviction.running(self.root)]

    def _register(self, home: Home, ticker: Ticker) -> Presence:
        home.create()
        with holding(home.lock, ticker, f"the server in {home.folder.name} to end"):
            if home.folder not in self._holders:
                self._holders[home.folder] = Presence.register(home.holders)
            return Presence.register(home.users)


@functools.cache
def _manager(root: Path) -> Manager:
    # One per folder and process: what this process holds is a fact about the process, not about a caller.
    return Manager(root)


@contextmanager
def lease(
    spec: ModelSpec,
    weights_path: Path,
    digest: str | None,
    *,
    options: ServerOptions | None = None,
    port: int | None = None,
    console: Console | None = None,
) -> Iterator[Endpoint]:
    """Use the one server of this model with these options on this machine: `Manager.lease` of the cache home."""
    manager = _manager(paths.servers_dir())
    with manager.lease(spec, weights_path, digest, options=options, port=port, console=console) as endpoint:
        yield endpoint


def release() -> None:
    """Hold no server of the cache home any more; those that no other process holds end within seconds."""
    _manager(paths.servers_dir()).release()


def evict_idle(needed_bytes: int | None = None) -> int:
    """Stop servers of the cache home that no lease uses now; see `Manager.evict_idle`."""
    return _manager(paths.servers_dir()).evict_idle(needed_bytes)


def running() -> list[str]:
    """Name the servers of the cache home that run now; see `Manager.running`."""
    return _manager(paths.servers_dir()).running()


def _identity(command: Command, digest: str | None) -> str:
    """Name what two leases must have in common to share a server: the weights, and all that it is started with."""
    text = json.dumps([command.argv, dict(command.env), digest], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _endpoint(spec: ModelSpec, digest: str | None, command: Command, home: Home, state: State) -> Endpoint:
    base_url = f"http://127.0.0.1:{state.port}/v1"
    info = ModelInfo(
        name=spec.name,
        digest=digest,
        backend=command.kind,
        served_name=spec.name,
        base_url=base_url,
        server_flags=command.flags,
        # Libraries by name: where they lie is this machine's affair.
        server_env={
            name: ":".join(Path(part).name for part in value.split(":")) if name == "LD_PRELOAD" else value
            for name, value in command.env.items()
        },
        context_length=command.context_length,
        parameters=spec.parameters,
    )
    return Endpoint(base_url=base_url, served_name=spec.name, api_key=home.key(), info=info)
