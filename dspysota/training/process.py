"""Runs the training script in a process of its own, and says how far it is."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any

from dspysota.errors import ProgramError

SCRIPT = Path(__file__).with_name("lora.py")
LOG = "training.log"


def run(job: Mapping[str, Any], scratch: Path, *, name: str, say: Callable[[str], None]) -> dict[str, Any]:
    """Do the job in a process that ends with this one. Returns what it says last. Raises ProgramError.

    Ctrl-C, or any other end of this function, ends the process. What it said is kept beside `scratch` where it failed.
    """
    told, log = scratch / "job.json", scratch / LOG
    told.write_text(json.dumps(job), encoding="utf-8")
    # -P: neither the script's folder nor the working directory may stand in for an installed package. Threads that wait
    # actively for each other stand still where other work takes a core from one of them.
    env = {
        **os.environ,
        "HF_HUB_OFFLINE": "1",
        "TOKENIZERS_PARALLELISM": "false",
        "OMP_WAIT_POLICY": "passive",
        "WANDB_MODE": "disabled",
        # One GPU: with several, TRL wants to be launched by a program of its own.
        "CUDA_VISIBLE_DEVICES": os.environ.get("CUDA_VISIBLE_DEVICES", "0").partition(",")[0],
    }
    command = [sys.executable, "-P", str(SCRIPT), str(told)]
    with log.open("wb") as words:
        process = subprocess.Popen(
            command, env=env, cwd=scratch, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=words
        )
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            last = _follow(process.stdout, say)
            code = process.wait()
        except BaseException:
            process.kill()
            process.wait()
            raise
        finally:
            process.stdin.close()
            process.stdout.close()
    if code or last is None or "examples" not in last:
        raise ProgramError(_explain(name, code, shutil.copyfile(log, scratch.parent / LOG)))
    return last


def _follow(lines: IO[bytes], say: Callable[[str], None]) -> dict[str, Any] | None:
    """Say each step; return what the last line says. Lines that are not JSON are somebody else's."""
    last = None
    for line in lines:
        try:
            told = json.loads(line)
        except ValueError:
            continue
        if isinstance(told, dict):
            last = told
            if "step" in told:
                say(f"Training: step {told['step']:,} of {told['of']:,}, loss {told['loss']:.3f}")
    return last


def _explain(name: str, code: int, log: Path) -> str:
    words = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    if code == -9 or any(word in line for line in words[-3:] for word in ("OutOfMemoryError", "can't allocate memory")):
        return (
            f"Training {name!r} ended for want of memory; end other programs, or take a smaller model or shorter "
            "conversations. The answers to train on are kept."
        )
    last = words[-1] if words else "it said nothing"
    return f"Training {name!r} failed: {last[:300]} (all of it in {log}). The answers to train on are kept."
