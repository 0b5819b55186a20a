"""`run`: one program, one interpreter, one process, and bounds on all of it.

The interpreter is pydantic-monty, which knows Python's core and a few modules and has no way out: without a handler of
ours there is no file, no network, no process and no environment behind its functions. Each program gets a process of
its own, so that none waits for another, finds what another left, or takes more down with it than itself.
"""

import contextlib
import datetime
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Literal

from dspysota.errors import RunError
from dspysota.sandbox.outcome import Outcome, Trouble

if TYPE_CHECKING:
    import pydantic_monty

SECONDS = 2.0
"""Time of a program on the wall, after which it is stopped; about a second later it is killed if it did not stop."""

MEMORY = 32 * 2**20
"""Bytes of a program's values. The interpreter's process takes about 12 MB besides."""

MAX_CODE = 20_000
"""Characters of code."""

MAX_PRINTED = 2**16
"""Characters printed."""

_GRACE = 1.0
_DEPTH = 1000
"""Calls within calls, as in Python itself."""

_NOW = datetime.datetime(2025, 1, 1, tzinfo=datetime.UTC)
_BY_NAME = {
    "TimeoutError": Trouble.TIME,
    "MemoryError": Trouble.MEMORY,
    "RecursionError": Trouble.RECURSION,
    "PermissionError": Trouble.FORBIDDEN,
    "ModuleNotFoundError": Trouble.FORBIDDEN,
    "NotImplementedError": Trouble.UNSUPPORTED,
}
_ABSENT = "is not supported in this environment"
"""How the interpreter refuses `os.environ` and its like."""


def run(
    code: str,
    *,
    show: Sequence[str] = (),
    seconds: float = SECONDS,
    memory: int = MEMORY,
    clock: Callable[[], float] = time.perf_counter,
) -> Outcome:
    """Run a program, then print each expression of `show` in the state that the program left; safe in many threads.

    The clock that the program sees stands still, chance has a fixed seed, and sleeping takes no time: the same code
    gives the same outcome. `seconds` bounds the program, and once more all expressions together; `memory` is in bytes.
    It never raises for what a program does. Raises RunError when the sandbox itself cannot be started.

    What a run costs is printed by `python -m benchmarks.sandbox`.
    """
    started = clock()
    if len(code) > MAX_CODE:
        return Outcome(trouble=Trouble.TOO_LONG, message=f"{len(code)} characters; {MAX_CODE} are allowed.")
    with _session(seconds, memory) as session:
        # The last line keeps the interpreter from sending over whatever a last expression is worth.
        printed, trouble, message = _feed(session, f"{code}\nNone")
        shown: list[str] = []
        asked = clock()
        if trouble is None:
            for expression in show:
                if clock() - asked > seconds:
                    break
                text, ended, _ = _feed(session, f"print({expression})")
                shown.append("" if ended else text)
                if ended not in {None, Trouble.EXCEPTION, Trouble.SYNTAX}:
                    break  # its memory may be in any state, and its process gone
    shown += [""] * (len(show) - len(shown))
    if trouble is Trouble.TIME:
        message = f"Stopped after {seconds:g} s."
    return Outcome(printed=printed, shown=tuple(shown), trouble=trouble, message=message, seconds=clock() - started)


@contextmanager
def _session(seconds: float, memory: int) -> "Iterator[pydantic_monty.MontySession]":
    """Start an interpreter, and end it however the block ends."""
    try:
        from pydantic_monty import Monty, MontyError  # here, since most runs need none
    except ImportError as error:
        raise RunError(f"Running model-written code needs a sandbox ({error}): pip install pydantic-monty.") from error
    with ExitStack() as stack:
        try:
            pool = stack.enter_context(
                Monty(max_processes=1, request_timeout=seconds + _GRACE, feed_duration_limit_grace=_GRACE)
            )
            session = stack.enter_context(
                pool.checkout(
                    limits={
                        "max_feed_duration_secs": seconds,
                        "max_memory": memory,
                        "max_recursion_depth": _DEPTH,
                    },
                    os_policy={"datetime": _NOW, "sleep": "zero", "random_start": {"seed": 0}},
                )
            )
        except (OSError, RuntimeError, MontyError) as error:
            raise RunError(
                f"The sandbox for model-written code does not start: {str(error)[:300]}. "
                "Install it anew with pip install --force-reinstall pydantic-monty."
            ) from error
        yield session


class _Printed:
    """Takes what a program prints. One that prints too much loses its process: it would go on until its time is up."""

    def __init__(self, process: int | None) -> None:
        self.process = process
        self.size = 0
        self.parts: list[str] = []

    @property
    def full(self) -> bool:
        return self.size > MAX_PRINTED

    def take(self, stream: Literal["stdout", "stderr"], text: str) -> None:
        self.size += len(text)
        if self.full and self.process is not None:
            with contextlib.suppress(OSError):
                os.kill(self.process, signal.SIGTERM)
        elif stream == "stdout":
            self.parts.append(text)


def _feed(session: "pydantic_monty.MontySession", code: str) -> tuple[str, Trouble | None, str]:
    """Run code in a session; return what it printed, and what stopped it."""
    from pydantic_monty import MontyCrashedError, MontyError, MontyRuntimeError, MontySyntaxError

    printed = _Printed(session.worker_pid)
    trouble, message = None, ""
    try:
        session.feed_run(code, print_callback=printed.take)
    except MontySyntaxError as error:
        trouble, message = Trouble.SYNTAX, error.display("type-msg")
    except MontyRuntimeError as error:
        message = error.display("type-msg")
        trouble = _trouble(message)
    except MontyCrashedError as error:
        trouble, message = Trouble.TIME if error.timed_out else Trouble.CRASH, str(error)
    except MontyError as error:
        trouble, message = Trouble.EXCEPTION, str(error)
    if printed.full:
        trouble, message = Trouble.OUTPUT, f"More than {MAX_PRINTED} characters were printed."
    return "".join(printed.parts), trouble, " ".join(message[:1000].split())[:300]


def _trouble(message: str) -> Trouble:
    name = message.partition(":")[0]
    if name == "RuntimeError" and _ABSENT in message[:1000]:
        return Trouble.FORBIDDEN
    return _BY_NAME.get(name, Trouble.EXCEPTION)
