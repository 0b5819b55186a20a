"""The limits of a session, in dollars and minutes: nothing is asked that might go beyond them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable

from dspysota.errors import ConfigError, LimitReachedError
from dspysota.experiment import prices
from dspysota.records import Answer, Call, Example, TokenPrice
from dspysota.store import Spending

MARGIN = 1.25
"""How much more than the dearest question so far the next one may cost."""

KEPT = "What was answered is kept; the same command goes on from there"


class Limits:
    """`usd` over all sessions and workers of a command, `minutes` of wall time since this session `started`.

    None is no limit; `started` is in seconds since the epoch. `spending` gives the command's own, once it has a folder.
    Safe to use from many threads.
    """

    def __init__(
        self,
        *,
        usd: float | None = None,
        minutes: float | None = None,
        started: float | None = None,
        spending: Callable[[], Spending],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.usd = usd
        self.minutes = minutes
        self.clock = clock
        self.started = clock() if started is None else started
        self._open = spending
        self._found: Spending | None = None
        self._stopped: str | None = None

    @property
    def spending(self) -> Spending:
        """What the command has spent so far."""
        if self._found is None:
            self._found = self._open()
        return self._found

    def reached(self) -> str | None:
        """Why nothing more may be asked, in a sentence; None where something may."""
        if self._stopped is None:
            self._stopped = self.late(0.0)
        if self._stopped is None and self.usd is not None and self.spending.stopped_at(self.usd):
            self._stopped = self.dear(None)
        return self._stopped

    def check(self) -> None:
        """Raise LimitReachedError where a limit is reached."""
        if why := self.reached():
            raise LimitReachedError(why)

    def stop(self, why: str) -> None:
        """Let nothing more be asked, in no process of the command where it was for the dollars."""
        if self._stopped is None:
            self._stopped = why
            if self.usd is not None and not self.late(0.0):
                self.spending.stop(self.usd)

    def late(self, longest: float) -> str | None:
        """Why a request that takes `longest` seconds would end too late; None where it would not."""
        passed = self.clock() - self.started
        if self.minutes is None or passed + longest <= self.minutes * 60:
            return None
        more = f", and one more question may take {longest:.1f} s" if passed <= self.minutes * 60 else ""
        return f"Stopped by --sota-max-minutes {self.minutes:g}: {passed / 60:.3g} minutes have passed{more}. {KEPT}."

    def seconds_left(self) -> float | None:
        """Seconds until the minutes are over, none below zero; None where they are not limited."""
        return None if self.minutes is None else max(0.0, self.minutes * 60 - (self.clock() - self.started))

    def dear(self, most: float | None) -> str:
        """What to say when the next request, which may cost `most` dollars, does not fit."""
        more = "" if most is None else f", and one more question may cost {most:.2g}"
        spent = f"{self.spending.spent:.4g} USD are spent or set aside"
        return f"Stopped by --sota-max-cost {self.usd:g}: {spent}{more}. {KEPT} with a higher limit."


class Meter:
    """Counts the requests of one purpose, questions of a run or requests of a compilation, against the limits.

    What a request may take is set aside before it is sent, and replaced by what it took.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._longest = 0.0
        self._mutex = threading.Lock()

    def admit(self, usd: float) -> str | None:
        """Set aside what a request may cost; where it does not fit, set nothing aside and say why."""
        limits = self._limits
        if (why := limits.reached() or limits.late(self._longest)) is not None:
            return why
        if (usd > 0 or limits.usd is not None) and not limits.spending.set_aside(usd, limits.usd):
            return limits.dear(usd)
        return None

    def settle(self, aside: float, usd: float, seconds: float) -> None:
        """Replace what was set aside by what the request took."""
        with self._mutex:
            self._longest = max(self._longest, seconds)
        if aside or usd:
            self._limits.spending.settle(aside, usd)

    def stop(self, why: str) -> None:
        """A request did not fit, and nothing is under way that may make room for it."""
        self._limits.stop(why)

    def late(self, seconds: float) -> str | None:
        """Why what takes so many seconds would end too late; None where it would not."""
        return self._limits.late(seconds)

    def seconds_left(self) -> float | None:
        """Seconds that the session may still take; None where they are not limited."""
        return self._limits.seconds_left()


class Questions:
    """Answers the questions of one run by `solver`, and counts them.

    `most` is what a question may cost at most, as far as that can be told beforehand. The loop asks `stop` before each
    question that it has solved.
    """

    def __init__(
        self, limits: Limits, solver: Callable[[Example], Answer], price: TokenPrice | None = None, most: float = 0.0
    ) -> None:
        self._solver = solver
        self._meter = Meter(limits)
        self._limits = limits
        self._price = price
        self._most = most
        self._under_way: list[float] = []
        self._change = threading.Condition()

    def stop(self) -> bool:
        """Whether nothing more is to be asked; else one more question is set aside.

        Waits while questions under way may turn out cheap enough for it.
        """
        with self._change:
            while True:
                why = self._meter.admit(self._most)
                if why is None:
                    self._under_way.append(self._most)
                    return False
                if not self._under_way or self._limits.reached():
                    self._meter.stop(why)
                    return True
                self._change.wait()

    def solve(self, example: Example) -> Answer:
        """Answer one question, and count what it took."""
        asked = self._limits.clock()
        calls: Iterable[Call] | None = None
        try:
            answer = self._solver(example)
            calls = answer.calls
            return answer
        finally:
            self._settle(calls, self._limits.clock() - asked)

    def _settle(self, calls: Iterable[Call] | None, seconds: float) -> None:
        usd = None if calls is None else prices.spent(self._price, calls)
        with self._change:
            aside = self._under_way.pop(0) if self._under_way else 0.0
            # What the server did not report counts with the most that it may have been.
            self._meter.settle(aside, aside if usd is None else usd, seconds)
            self._most = max(self._most, MARGIN * (usd or 0.0))
            self._change.notify_all()


def check_reported(limits: Limits, model: str, calls: Iterable[Call]) -> None:
    """Raise ConfigError where dollars are limited and the server does not report what its answers took."""
    if limits.usd is not None and any(call.error is None and call.usage.total_tokens is None for call in calls):
        raise ConfigError(
            f"--sota-max-cost cannot count what {model!r} costs: its server does not report the tokens of its answers. "
            "Limit the session by --sota-max-minutes instead."
        )
