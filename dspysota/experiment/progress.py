"""What a measurement tells while it goes on. Who shows it, and where, is decided by the caller."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

from rich.console import Console
from rich.status import Status
from rich.text import Text

from dspysota.experiment.pace import Course, Pace
from dspysota.records import Case

LINE_SECONDS = 10.0
"""Where lines cannot be rewritten, one is written this often."""


class Progress(Protocol):
    """Listener to one measurement after the other."""

    @property
    def quiet(self) -> bool:
        """True when nothing will be shown, so that others need not write either."""

    def say(self, text: str) -> None:
        """Something worth knowing happened."""

    def begin(self, course: Course) -> None:
        """A run has begun, or goes on."""

    def case(self, case: Case, *, again: bool = False) -> None:
        """One question was answered; `again` says that it had been asked before."""

    def end(self) -> None:
        """The run is over, whatever its outcome."""

    def aside(self) -> AbstractContextManager[object]:
        """Within it, other parties (downloads, servers) may write their own progress to stderr."""


class Silence:
    """Progress that nobody sees."""

    quiet = True

    def say(self, text: str) -> None:
        """Say nothing."""

    def begin(self, course: Course) -> None:
        """Say nothing."""

    def case(self, case: Case, *, again: bool = False) -> None:
        """Say nothing."""

    def end(self) -> None:
        """Say nothing."""

    def aside(self) -> AbstractContextManager[object]:
        """Nothing to make room for."""
        return nullcontext()


class ConsoleProgress:
    """Progress for a command: one live line on a terminal, elsewhere a plain one every ten seconds and at the end."""

    quiet = False

    def __init__(self, console: Console, clock: Callable[[], float] = time.monotonic) -> None:
        self._console, self._clock = console, clock
        self._pace: Pace | None = None
        self._status: Status | None = None
        self._shown = 0.0

    def say(self, text: str) -> None:
        """Print a line."""
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)

    def begin(self, course: Course) -> None:
        """Start a line of its own."""
        self._pace, self._shown = Pace(course, self._clock), self._clock()
        if self._console.is_terminal:
            self._status = self._console.status(self._live(self._pace))
            self._status.start()

    def case(self, case: Case, *, again: bool = False) -> None:
        """Show the new state; where lines stay, only when the last one is ten seconds old."""
        assert self._pace is not None, "begin comes before the first case"
        self._pace.add(case, again=again)
        if self._status is not None:
            self._status.update(self._live(self._pace))
        elif not self._pace.whole and self._clock() - self._shown >= LINE_SECONDS:
            self._shown = self._clock()
            self.say(self._pace.line())

    def end(self) -> None:
        """Leave the last state standing."""
        if self._status is not None:
            self._status.stop()
        if self._pace is not None:
            self.say(self._pace.line(over=True))
        self._pace = self._status = None

    def aside(self) -> AbstractContextManager[object]:
        """Nothing to make room for: no line is shown between runs."""
        return nullcontext()

    def _live(self, pace: Pace) -> Text:
        """What fits into one line behind the spinner."""
        return Text(pace.line(width=self._console.width - 2))
