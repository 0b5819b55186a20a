"""What a measurement tells while it goes on. Who shows it, and where, is decided by the caller."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

from rich.console import Console
from rich.status import Status
from rich.text import Text

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

    def begin(self, name: str, total: int, primary: str) -> None:
        """A run of `total` questions, scored by `primary`, has begun."""

    def case(self, case: Case, done: int, total: int) -> None:
        """One question was answered, the `done`-th of `total`."""

    def end(self) -> None:
        """The run is over, whatever its outcome."""

    def aside(self) -> AbstractContextManager[object]:
        """Within it, other parties (downloads, servers) may write their own progress to stderr."""


class Silence:
    """Progress that nobody sees."""

    quiet = True

    def say(self, text: str) -> None:
        """Say nothing."""

    def begin(self, name: str, total: int, primary: str) -> None:
        """Say nothing."""

    def case(self, case: Case, done: int, total: int) -> None:
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

    def begin(self, name: str, total: int, primary: str) -> None:
        """Start a line of its own."""
        self._pace, self._shown = Pace(name, total, primary), self._clock()
        if self._console.is_terminal:
            self._status = self._console.status(Text(self._pace.line()))
            self._status.start()

    def case(self, case: Case, done: int, total: int) -> None:
        """Show the new state; where lines stay, only when the last one is ten seconds old."""
        assert self._pace is not None, "begin comes before the first case"
        self._pace.add(case, done)
        if self._status is not None:
            self._status.update(Text(self._pace.line()))
        elif done < total and self._clock() - self._shown >= LINE_SECONDS:
            self._shown = self._clock()
            self.say(self._pace.line())

    def end(self) -> None:
        """Leave the last state standing."""
        if self._status is not None:
            self._status.stop()
        if self._pace is not None:
            self.say(self._pace.line())
        self._pace = self._status = None

    def aside(self) -> AbstractContextManager[object]:
        """Nothing to make room for: no line is shown between runs."""
        return nullcontext()


class Pace:
    """Turns cases of one run into a line: how many, the score so far, questions a second, and what remains."""

    def __init__(self, name: str, total: int, primary: str, clock: Callable[[], float] = time.perf_counter) -> None:
        self._name, self._total, self._primary, self._clock = name, total, primary, clock
        self._start = clock()
        self._seen = 0
        self._sum = 0.0
        self._done = 0

    def add(self, case: Case, done: int) -> None:
        """Take one more case into account."""
        self._seen += 1
        self._sum += case.scores.get(self._primary, 0.0)
        self._done = max(self._done, done)

    def line(self) -> str:
        """The state in one line, at most about 110 characters for usual names."""
        head = f"{self._name}: {self._done}/{self._total}"
        seconds = self._clock() - self._start
        if not self._seen or seconds <= 0:
            return head
        rate = self._seen / seconds
        left = (self._total - self._done) / rate
        return f"{head}, {self._primary} {self._sum / self._seen:.3f}, {rate:.2f} q/s, {_clock_text(left)} left"


def _clock_text(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"
