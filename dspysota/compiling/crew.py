"""Threads that do what they are given, in the order of its rank."""

from __future__ import annotations

import contextvars
import itertools
import queue
import threading
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Any, NamedTuple

Then = Callable[[Any, BaseException | None], None]
"""Told what came of a piece of work: its result, or what it raised."""

Give = Callable[[Callable[[], Any], Then], None]
"""Has a piece of work done, sooner or later and in another thread."""


class Ended(Exception):
    """What work comes to that was given to a crew and not begun before the crew was dismissed."""


class _Piece(NamedTuple):
    """Compared by the first two fields alone: no two have the same number."""

    rank: float
    number: int
    work: Callable[[], Any]
    then: Then


class Crew:
    """`size` threads: work of the lowest rank goes first, and of equal ranks what was given first.

    Work sees the context variables of whoever gave it. The threads are daemons: after Ctrl-C nobody waits for answers
    that are still under way. Leaving the block dismisses the crew.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._todo: queue.PriorityQueue[_Piece] = queue.PriorityQueue()
        self._numbers = itertools.count()
        self._mutex = threading.Lock()
        self._reason: BaseException | None = None
        for _ in range(size):
            threading.Thread(target=self._serve, name="crew", daemon=True).start()

    def __enter__(self) -> Crew:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.dismiss(error or Ended())

    def give(self, work: Callable[[], Any], then: Then, rank: float = 0.0) -> None:
        """Have `work` done in the caller's context, and `then` told what came of it."""
        context = contextvars.copy_context()
        with self._mutex:
            reason = self._reason
            if reason is None:
                self._todo.put(_Piece(rank, next(self._numbers), lambda: context.run(work), then))
        if reason is not None:
            then(None, reason)

    def at(self, rank: float) -> Give:
        """Return `give` at a rank."""
        return lambda work, then: self.give(work, then, rank)

    def dismiss(self, reason: BaseException) -> None:
        """Let every thread end once it has nothing under way; what was not begun comes to `reason`. Repeatable."""
        with self._mutex:
            if self._reason is not None:
                return
            self._reason = reason
            left = []
            with suppress(queue.Empty):
                while True:
                    left.append(self._todo.get_nowait())
            for _ in range(self._size):
                self._todo.put(_Piece(0.0, next(self._numbers), _leave, _ignore))
        for piece in left:
            piece.then(None, reason)

    def _serve(self) -> None:
        while (piece := self._todo.get()).work is not _leave:
            try:
                result = piece.work()
            except BaseException as error:  # noqa: BLE001  raised again by whoever gave the work
                piece.then(None, error)
            else:
                piece.then(result, None)


def _leave() -> None:
    """Stands for the end of a thread's work."""


def _ignore(result: Any, error: BaseException | None) -> None:
    """Nobody asked."""
