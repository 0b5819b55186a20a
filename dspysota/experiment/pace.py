"""How far a run is, in one line: how many, how well, how fast, for how much, and how long yet."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from dspysota.records import Case, Prices
from dspysota.report import text
from dspysota.stats import Interval, mean_interval, wilson

FEWEST_LETTERS = 12
"""A name is not cut shorter, however narrow the terminal is."""

_SECONDS_AN_HOUR = 3600.0


@dataclass(frozen=True, kw_only=True)
class Course:
    """A run that is about to be measured, or gone on with."""

    name: str
    total: int
    """Questions, each counted once."""
    primary: str
    """The metric that is told, in 0..1."""
    twice: int = 0
    """How many of them are asked a second time."""
    known: tuple[Case, ...] = ()
    """Answers that earlier sessions left."""
    known_again: tuple[Case, ...] = ()
    """Second answers that they left."""
    prices: Prices | None = None
    earlier_seconds: float = 0.0
    """In which earlier sessions asked."""


class Pace:
    """Turns the answers of one run into a line.

    The score is that of all questions answered so far, in earlier sessions too, as in the report. Questions a second
    are this session's, so that a continued run does not pretend to be fast, and count every asking, as the server does;
    so do dollars. While the run goes on, the interval of fractional scores is Wilson's, which costs nothing and is
    wider than need be; at its end it is the report's.
    """

    def __init__(self, course: Course, clock: Callable[[], float] = time.perf_counter) -> None:
        self._course, self._clock = course, clock
        self._start = clock()
        self._scores: list[float] = []
        self._again = self._here = 0
        self._dollars: float | None = 0.0
        for case in course.known:
            self._take(case, again=False)
        for case in course.known_again:
            self._take(case, again=True)

    def add(self, case: Case, *, again: bool = False) -> None:
        """Take one more answer into account; `again` says that it is a second one."""
        self._here += 1
        self._take(case, again=again)

    @property
    def whole(self) -> bool:
        """Whether nothing is left to ask."""
        return self._left == 0

    def line(self, *, over: bool = False, width: int | None = None) -> str:
        """The state in one line, at most `width` characters, of which the name gives way first.

        `over` says that nothing more will be asked.
        """
        seconds = self._clock() - self._start
        parts = [self._counts(), *self._score(over)]
        if self._here and seconds > 0:
            rate = self._here / seconds
            parts.append(f"{rate:.2f} q/s")
            parts += self._spent(seconds)
            parts.append(f"took {_clock_text(seconds)}" if over else f"{_clock_text(self._left / rate)} left")
        said = ", ".join(parts)
        if width is None:
            return f"{self._course.name}: {said}"
        line = f"{_shortened(self._course.name, width - len(said) - 2)}: {said}"
        return line if len(line) <= width else f"{line[: width - 1]}…"

    @property
    def _left(self) -> int:
        return max(0, self._course.total + self._course.twice - len(self._scores) - self._again)

    def _take(self, case: Case, *, again: bool) -> None:
        if again:
            self._again += 1
        else:
            self._scores.append(case.scores.get(self._course.primary, 0.0))
        tokens, usage = self._course.prices and self._course.prices.tokens, case.spent
        known = tokens.of_usage(usage) if tokens and usage is not None else None
        self._dollars = None if self._dollars is None or known is None else self._dollars + known

    def _counts(self) -> str:
        twice = f" + {self._again}/{self._course.twice} again" if self._course.twice else ""
        return f"{len(self._scores)}/{self._course.total}{twice}"

    def _score(self, over: bool) -> list[str]:
        n = len(self._scores)
        if not n:
            return []
        right = min(float(n), math.fsum(self._scores))
        # A bootstrap takes a core's time, which is the model's while it answers.
        interval: Interval = mean_interval(self._scores) if over else wilson(right, n)
        return [f"{self._course.primary} {text.scored(right / n, interval)}"]

    def _spent(self, seconds: float) -> list[str]:
        """Dollars of the run so far, by its machine where that is what the profile counts by; none where unknown."""
        prices = self._course.prices
        if prices is None:
            return []
        per_hour = prices.usd_per_hour
        if per_hour is not None and (prices.basis == "machine" or prices.tokens is None):
            hours = (self._course.earlier_seconds + seconds) / _SECONDS_AN_HOUR
            return [text.amount(per_hour * hours, "$")]
        return [] if prices.tokens is None or self._dollars is None else [text.amount(self._dollars, "$")]


def _shortened(name: str, room: int) -> str:
    """The name, cut at its front where it is longer than `room`: what tells runs apart stands at its end."""
    if len(name) <= max(room, FEWEST_LETTERS):
        return name
    return f"…{name[-max(room, FEWEST_LETTERS) + 1 :]}"


def _clock_text(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
