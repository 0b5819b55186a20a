"""Whether another server fits beside those that run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from dspysota.serving import processes
from dspysota.serving.home import Home, Launch
from dspysota.serving.vllm import Command

GIB = 2**30

Available = Callable[[], int]
"""How many bytes could be taken now."""


CGROUP = Path("/sys/fs/cgroup")
"""Where a container finds its own limits (cgroup v2)."""


def available_bytes(cgroup: Path = CGROUP) -> int:
    """Read how much memory programs could take now without swapping: of the machine, and of the container's limit."""
    free = int(psutil.virtual_memory().available)
    try:
        limit = (cgroup / "memory.max").read_text(encoding="ascii").strip()
        # Pages of files are given back when memory is wanted, so they do not count as taken.
        stat = dict(line.split() for line in (cgroup / "memory.stat").read_text(encoding="ascii").splitlines())
        taken = int((cgroup / "memory.current").read_text(encoding="ascii")) - int(stat["file"])
        return free if limit == "max" else max(0, min(free, int(limit) - taken))
    except (OSError, ValueError, KeyError):
        return free


@dataclass(frozen=True)
class Running:
    """A server that runs beside the one to be started."""

    home: Home
    launch: Launch
    busy: bool

    def promised_bytes(self) -> int:
        """Tell what it will still take of the memory estimated for it: a cache is filled only when it is used."""
        state = self.home.state()
        if state is None or self.launch.backend == "vllm-cuda":
            return 0
        used = 0
        for process in processes.members(state.pid):
            try:
                used += process.memory_info().rss
            except psutil.Error:
                continue
        return max(0, self.launch.need_bytes - used)


def lacking_bytes(command: Command, running: Sequence[Running], available: Available = available_bytes) -> int:
    """Tell how many bytes are missing for a server; 0 or less when it fits.

    A CUDA server takes nearly all of the card, so any other one is in its way, unless a flag says how much it may take.
    """
    lacking = command.need_bytes - (available() - sum(server.promised_bytes() for server in running))
    if command.kind == "vllm-cuda" and not any("--gpu-memory-utilization" in flag for flag in command.flags):
        return max(lacking, 1) if any(server.launch.backend == "vllm-cuda" for server in running) else lacking
    return lacking


def shortage(model: str, command: Command, running: Sequence[Running], available: int) -> str:
    """Explain with figures that a server does not fit."""
    others = ", ".join(f"'{server.launch.model}'" for server in running)
    beside = f" and {others} must stay" if others else ""
    return (
        f"The server of '{model}' needs about {command.need_bytes / GIB:.1f} GiB of memory but only "
        f"{available / GIB:.1f} GiB is free{beside}; close other programs, lower kv_cache_gib or take a smaller model."
    )
