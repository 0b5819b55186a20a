"""A step that needs much memory, as a module run in a process of its own, which ends with the one that started it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

OFFLINE = {"HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
"""What such a step reads lies here already."""


def run(
    module: str,
    *words: str,
    log: Path,
    env: Mapping[str, str],
    hear: Callable[[bytes], None] | None = None,
) -> int:
    """Run `python -m module words…` offline; return its exit status.

    `env` is added to the environment. What it writes goes to `log`; with `hear`, each line of its stdout goes there
    instead. Ctrl-C, or any other end of this function, ends the process.
    """
    # -P: the working directory may not stand in for an installed package.
    command = [sys.executable, "-P", "-m", module, *words]
    with log.open("wb") as written:
        process = subprocess.Popen(
            command,
            env={**os.environ, **OFFLINE, **env},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE if hear else written,
            stderr=written,
        )
        try:
            for line in process.stdout or ():
                if hear:
                    hear(line)
            return process.wait()
        except BaseException:
            process.kill()
            process.wait()
            raise
        finally:
            for pipe in (process.stdin, process.stdout):
                if pipe:
                    pipe.close()


def end_with_parent() -> None:
    """End this process when the one that started it is gone, however it went: the other end of our stdin closes."""
    threading.Thread(target=_wait, daemon=True).start()


def _wait() -> None:
    # os.read, because the interpreter cannot shut down while a thread sits in a buffered read.
    while os.read(0, 1):
        pass
    os._exit(1)
