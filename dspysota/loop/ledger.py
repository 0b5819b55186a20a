"""The book of one evaluation: which cases ended, in which order they are wanted, and whether the server still lives."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from typing import Protocol

from dspysota.errors import RunError
from dspysota.records import Answer, Case, Failure

NO_CONNECTION = "No connection"
"""How the error of an answer begins when no HTTP response came, so that the server may be gone altogether."""

FEWEST_UNREACHED = 8
"""Cases in a row without a connection from which on a server counts as gone."""


class Book(Protocol):
    """Where cases are kept as they end: a journal, or something that writes several."""

    @property
    def cases(self) -> Mapping[str, Case]:
        """Those that earlier sessions left, by the ids of their examples."""

    @property
    def earlier_sessions(self) -> int:
        """How many there were."""

    @property
    def earlier_seconds(self) -> float:
        """Wall time of them all."""

    def append(self, case: Case, elapsed: float) -> None:
        """Keep a case that ended so many seconds after this session began."""

    def end(self, elapsed: float) -> None:
        """Note how long this session went on."""


def unreached(answer: Answer) -> bool:
    """Whether the server did not even refuse: the connection failed."""
    return answer.failure is Failure.SERVER_ERROR and (answer.error or "").startswith(NO_CONNECTION)


class Ledger:
    """Cases by their place; each is journalled the moment it ends, except while the server seems to be gone.

    Cases that ended without a connection wait until a question that was asked after them got through (then the server
    lives, and they are errors of their own) or until `limit` of them wait (then it is gone, and none of them is
    final). Safe to use from many threads.
    """

    def __init__(self, places: int, journal: Book | None, elapsed: Callable[[], float], limit: int) -> None:
        self._cases: list[Case | None] = [None] * places
        self._journal = journal
        self._elapsed = elapsed
        self._limit = limit
        self._unreached: list[tuple[int, int, Case]] = []  # moment of the end, place, case
        self._moments = count(1)
        self._mutex = threading.Lock()
        self._closed = False

    def resume(self, ids: Sequence[str]) -> list[int]:
        """Takes what earlier sessions left, and returns the places still to be asked, in order."""
        known = self._journal.cases if self._journal is not None else {}
        for place, case_id in enumerate(ids):
            self._cases[place] = known.get(case_id)
        return [place for place, case in enumerate(self._cases) if case is None]

    def begin(self) -> int:
        """The moment at which a question is asked, on this ledger's own count."""
        return next(self._moments)

    def add(self, place: int, case: Case, begun: int, *, reached: bool) -> list[Case]:
        """Enters a case whose question was asked at `begun`; returns those that became final with it, itself last.

        Raises RunError when the server is gone, or when the journal cannot be written.
        """
        with self._mutex:
            if self._closed:
                return []
            if reached:
                return [*self._settle(begun), self._enter(place, case)]
            self._unreached.append((next(self._moments), place, case))
            if len(self._unreached) >= self._limit:
                raise self._gone()
            return []

    def end(self) -> list[Case]:
        """Settles the cases that still wait; raises RunError when they are so many that the server must be gone."""
        with self._mutex:
            if len(self._unreached) >= FEWEST_UNREACHED:
                raise self._gone()
            return self._settle(next(self._moments))

    def close(self) -> None:
        """Takes nothing more: threads that were abandoned may still come with a case."""
        with self._mutex:
            self._closed = True

    def cases(self) -> tuple[Case, ...]:
        """All cases, in example order."""
        return tuple(case for case in self._cases if case is not None)

    def _settle(self, before: int) -> list[Case]:
        """Enters the waiting cases that ended before a moment."""
        settled = [self._enter(place, case) for moment, place, case in self._unreached if moment < before]
        self._unreached = [waiting for waiting in self._unreached if waiting[0] >= before]
        return settled

    def _enter(self, place: int, case: Case) -> Case:
        self._cases[place] = case
        if self._journal is not None:
            self._journal.append(case, self._elapsed())
        return case

    def _gone(self) -> RunError:
        last = self._unreached[-1][-1].error
        return RunError(
            f"The model server stopped answering: {len(self._unreached)} questions in a row got no connection "
            f"({last!r}). Nothing that was answered is lost; start the server again and give the same command to go on."
        )
