"""Runs the training script in a process of its own, and says how far it is."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from dspysota.errors import ProgramError
from dspysota.models import child

MODULE = "dspysota.training.lora"
LOG = "training.log"


def run(job: Mapping[str, Any], scratch: Path, *, name: str, say: Callable[[str], None]) -> dict[str, Any]:
    """Do the job in a process that ends with this one. Returns what it says last. Raises ProgramError.

    Ctrl-C, or any other end of this function, ends the process. What it said is kept beside `scratch` where it failed.
    """
    told, log = scratch / "job.json", scratch / LOG
    told.write_text(json.dumps(job), encoding="utf-8")
    last: dict[str, Any] = {}

    def hear(line: bytes) -> None:
        nonlocal last
        try:
            heard = json.loads(line)
        except ValueError:
            return  # somebody else's line: libraries print, too
        if isinstance(heard, dict):
            last = heard
            if "step" in heard:
                say(f"Training: step {heard['step']:,} of {heard['of']:,}, loss {heard['loss']:.3f}")

    code = child.run(MODULE, str(told), log=log, env=_environment(), hear=hear)
    if code or "examples" not in last:
        raise ProgramError(_explain(name, code, shutil.copyfile(log, scratch.parent / LOG)))
    return last


def _environment() -> dict[str, str]:
    return {
        # Threads that wait actively for each other stand still where other work takes a core from one of them.
        "OMP_WAIT_POLICY": "passive",
        "WANDB_MODE": "disabled",
        # One GPU: with several, TRL wants to be launched by a program of its own.
        "CUDA_VISIBLE_DEVICES": os.environ.get("CUDA_VISIBLE_DEVICES", "0").partition(",")[0],
    }


def _explain(name: str, code: int, log: Path) -> str:
    words = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    if code == -9 or any(word in line for line in words[-3:] for word in ("OutOfMemoryError", "can't allocate memory")):
        return (
            f"Training {name!r} ended for want of memory; end other programs, or take a smaller model or shorter "
            "conversations. The answers to train on are kept."
        )
    last = words[-1] if words else "it said nothing"
    return f"Training {name!r} failed: {last[:300]} (all of it in {log}). The answers to train on are kept."
