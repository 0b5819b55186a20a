"""Checks of GPU, cores, memory, disk and the libraries that make a CPU server faster."""

from __future__ import annotations

from dspysota.doctor.finding import Finding, fault, hint, ok
from dspysota.doctor.machine import Machine

GIB = 2**30
SMALLEST = 4 * GIB
"""Memory that a server of the 0.5B model takes: 1.3 GB of weights, 2 GiB of cache, and the process itself."""
EMBEDDED = 8 * GIB
"""Memory for the largest model of the embedded profile: 3.6 GB of weights, 2 GiB of cache, the process, pytest."""
WEIGHTS = 8 * GIB
"""Disk for the embedded profile's weights while they are made: downloads, parts and the converted files."""


def gpu(machine: Machine) -> Finding:
    """No GPU is no fault."""
    return ok("GPU", "; ".join(machine.gpus) if machine.gpus else "none: models are served by the CPU")


def cores(machine: Machine) -> Finding:
    """A server on a single core shares it with the program that asks."""
    if machine.cores < 2:
        return hint("cores", "1: the server and the experiment share it, expect twice the time.")
    return ok("cores", str(machine.cores))


def memory(machine: Machine) -> Finding:
    """Judge what is free now, since that is what a server can take."""
    text = f"{machine.memory_free / GIB:.1f} of {machine.memory / GIB:.1f} GiB free"
    if machine.gpus and not machine.cpu_build:
        return ok("memory", text)
    if machine.memory_free < SMALLEST:
        return fault("memory", f"{text}; the smallest useful server takes 4.", "ps aux --sort=-rss | head")
    if machine.memory_free < EMBEDDED:
        return hint("memory", f"{text}; the embedded profile's larger model takes 8.", "ps aux --sort=-rss | head")
    return ok("memory", text)


def disk(machine: Machine) -> Finding:
    """Weights go below the cache home."""
    if machine.cache_trouble:
        text = f"nothing can be written into {machine.cache} ({machine.cache_trouble})."
        return fault("disk", text, "export DSPYSOTA_HOME=/a/folder/of/yours")
    text = f"{machine.disk_free / GIB:.1f} GiB free for {machine.cache}"
    if machine.disk_free < GIB:
        return fault("disk", f"{text}; a small model takes 1.", "export DSPYSOTA_HOME=/a/larger/disk")
    if machine.disk_free < WEIGHTS:
        return hint("disk", f"{text}; the embedded profile's weights take 8 while made.", "dspysota models list")
    return ok("disk", text)


def libraries(machine: Machine) -> Finding:
    """Both are optional; measured, vLLM's CPU build is faster with them."""
    cures = {"tcmalloc": "sudo apt-get install libtcmalloc-minimal4", "libiomp5": "pip install intel-openmp==2024.2.1"}
    wanted = ["tcmalloc", *(["libiomp5"] if machine.architecture == "x86_64" else [])]
    missing = [name for name in wanted if not machine.libraries.get(name)]
    if missing and machine.cpu_build:
        cure = " && ".join(cures[name] for name in missing)
        return hint("libraries", f"{' and '.join(missing)} not found: the CPU server is somewhat slower.", cure)
    return ok("libraries", "not needed" if not machine.cpu_build else " and ".join(wanted))
