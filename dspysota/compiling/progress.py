"""Progress of a compilation on stderr: one live line on a terminal, a plain line every ten seconds elsewhere."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.status import Status

LINE_SECONDS = 10.0


class Progress:
    """Says how far a compilation is. Without a console it says nothing."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console
        self._status: Status | None = None
        self._next = 0.0

    @contextmanager
    def shown(self, text: str) -> Iterator[None]:
        """Show `text`, and what `say` replaces it with, until the block ends."""
        if self._console is None or not self._console.is_terminal:
            self._line(text)
            yield
            return
        with self._console.status(text) as self._status:
            yield
        self._status = None

    def say(self, text: str) -> None:
        """Say where things stand."""
        if self._status is not None:
            self._status.update(text)
        elif self._console is not None and time.monotonic() >= self._next:
            self._line(text)

    def _line(self, text: str) -> None:
        self._next = time.monotonic() + LINE_SECONDS
        if self._console is not None:
            self._console.print(text, markup=False, highlight=False, soft_wrap=True)
