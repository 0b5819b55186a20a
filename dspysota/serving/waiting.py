"""What is said while something takes its time: a live line on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.markup import escape
from rich.status import Status

QUIET_SECONDS = 2.0
"""Nothing is said about what takes less."""
PLAIN_SECONDS = 15.0
"""Pause between two plain lines."""


class Ticker:
    """Tells the person waiting what is being waited for, and for how long already.

    On a terminal one line is kept up to date; elsewhere a plain line is printed every 15 seconds.
    """

    def __init__(self, console: Console | None = None, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._console = console or Console(stderr=True)
        self._clock = clock
        self._began = clock()
        self._next = self._began + QUIET_SECONDS
        self._status: Status | None = None

    @property
    def seconds(self) -> float:
        """Seconds since the waiting began."""
        return self._clock() - self._began

    def say(self, text: str) -> None:
        """Show what is being waited for. Cheap; call it as often as you like."""
        now = self._clock()
        if now < self._next:
            return
        line = f"dspysota: {text} ({self.seconds:.0f} s)"
        if self._console.is_terminal:
            self._live(line)
        else:
            self._console.print(line, markup=False, highlight=False, soft_wrap=True)
            self._next = now + PLAIN_SECONDS

    def stop(self) -> None:
        """Take the live line away."""
        if self._status is not None:
            self._status.stop()
            self._status = None

    def _live(self, line: str) -> None:
        # A log line is somebody else's text: cut to one line, and never read as markup.
        width = max(20, self._console.width - 4)
        shown = escape(line if len(line) <= width else line[: width - 1] + "…")
        if self._status is None:
            self._status = self._console.status(shown)
            self._status.start()
        else:
            self._status.update(shown)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
