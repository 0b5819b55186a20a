"""One run at a time uses a server, so that the concurrency and latency of a run are its own."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout
from rich.console import Console

from dspysota import paths
from dspysota.serving.endpoint import Endpoint
from dspysota.serving.waiting import Ticker


@contextmanager
def exclusive(endpoint: Endpoint, *, root: Path | None = None, console: Console | None = None) -> Iterator[None]:
    """Hold the machine-wide lock of an endpoint; says so while another run holds it.

    Our own servers on the CPU share one lock, since each of them computes on all cores. Not reentrant: a process that
    enters it twice at once waits for itself. Raises ConfigError where the lock cannot be kept.
    """
    folder = paths.make((root or paths.servers_dir()) / "endpoints", mode=0o700)
    shared = endpoint.info.backend == "vllm-cpu"
    name = "cpu" if shared else hashlib.sha256(endpoint.base_url.encode()).hexdigest()[:16]
    with (
        Ticker(console) as ticker,
        holding(folder / f"{name}.lock", ticker, f"another run to finish on {endpoint.base_url}"),
    ):
        ticker.stop()
        yield


@contextmanager
def holding(path: Path, ticker: Ticker, what: str) -> Iterator[None]:
    """Hold a file lock, telling `ticker` what is being waited for."""
    lock = FileLock(path, mode=0o600)
    while True:
        try:
            lock.acquire(timeout=0.5, poll_interval=0.05)
        except Timeout:
            ticker.say(f"waiting for {what}")
        else:
            break
    try:
        yield
    finally:
        lock.release()
