"""What a measurement tells while it goes on. Who shows it, and where, is decided by the caller."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

from dspysota.records import Case


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
