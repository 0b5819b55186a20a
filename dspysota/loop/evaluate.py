"""`evaluate`: asks every example, a fixed number at once, and keeps each case the moment it ends."""

from __future__ import annotations

import contextvars
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from queue import SimpleQueue

from dspysota.errors import RunError
from dspysota.loop.classify import Complete, Score, judge
from dspysota.loop.ledger import FEWEST_UNREACHED, Book, Ledger, unreached
from dspysota.records import Answer, Case, Example

OnCase = Callable[[Case, int, int], None]
"""Called in the caller's thread with each new case, the number of cases that are final, and the number wanted."""

Stop = Callable[[], bool]
"""Called once before each question is asked, by one thread at a time, and may wait; True: nothing more is asked."""


def never() -> bool:
    """Ask every question."""
    return False


@dataclass(frozen=True)
class Evaluation:
    """Cases in example order; `wall_seconds` in which cases were asked, summed over `sessions`.

    They are fewer than the examples where `stop` ended the evaluation.
    """

    cases: tuple[Case, ...]
    wall_seconds: float
    sessions: int


def evaluate(  # noqa: PLR0913 one name per thing that varies; all but the first two by keyword
    solve: Callable[[Example], Answer],
    examples: Sequence[Example],
    *,
    task_score: Score,
    primary: str,
    complete: Complete,
    journal: Book | None = None,
    concurrency: int,
    clock: Callable[[], float] = time.perf_counter,
    on_case: OnCase | None = None,
    stop: Stop = never,
) -> Evaluation:
    """Answers all examples with `solve`, `concurrency` of them in flight at any time, and scores each.

    Examples whose case is in the journal are not asked again. `solve` maps every trouble of model or server to a
    failure class, and such an error is a case with all scores 0.0; what it raises nevertheless, or what `task_score`
    raises, is a bug and ends the evaluation. A case's `seconds` is the time inside `solve`, without any wait for a
    worker.

    When max(8, concurrency) cases in a row got no connection at all (or 8 and more at the end), the server is gone:
    these cases are not entered, and RunError says how to go on. Connection errors that others outlive are errors of
    their own cases.

    On Ctrl-C, and on any other exception, no further example is asked and nothing is waited for: cases in flight are
    abandoned (their threads are daemons), the journal holds every case that had ended, and the same journal goes on
    from there.

    Once `stop` says True, no further question is asked: those in flight end and are entered, and what there is comes
    back. The same journal goes on from there, too.

    Raises RunError for no examples, examples with equal ids, `concurrency` below 1, a server that is gone, and a
    journal that cannot be written.
    """
    _check(examples, concurrency)
    started = clock()
    ledger = Ledger(len(examples), journal, lambda: clock() - started, max(FEWEST_UNREACHED, concurrency))
    places = ledger.resume([example.id for example in examples])

    def case_of(place: int) -> list[Case]:
        example = examples[place]
        begun, asked = ledger.begin(), clock()
        answer = solve(example)
        seconds = clock() - asked
        case = judge(example, answer, seconds, score=task_score, primary=primary, complete=complete)
        return ledger.add(place, case, begun, reached=not unreached(answer))

    crew = _Crew(case_of, places, min(concurrency, len(places)), stop)
    done, total = len(examples) - len(places), len(examples)
    try:
        for finals in crew.work(ledger.end):
            for case in finals:
                done += 1
                if on_case is not None:
                    on_case(case, done, total)
    finally:
        crew.stop()
        ledger.close()
    return _sum_up(ledger, journal, clock() - started if places else None)


def _sum_up(ledger: Ledger, journal: Book | None, seconds: float | None) -> Evaluation:
    """`seconds` is None when everything was answered in earlier sessions."""
    earlier, before = (journal.earlier_sessions, journal.earlier_seconds) if journal is not None else (0, 0.0)
    if seconds is None:
        return Evaluation(cases=ledger.cases(), wall_seconds=before, sessions=earlier)
    if journal is not None:
        journal.end(seconds)
    return Evaluation(cases=ledger.cases(), wall_seconds=before + seconds, sessions=earlier + 1)


def _check(examples: Sequence[Example], concurrency: int) -> None:
    if not examples:
        raise RunError("There are no examples to evaluate; a score of nothing would mean nothing.")
    if concurrency < 1:
        raise RunError(f"A concurrency of {concurrency!r} asks nothing; it must be 1 or more.")
    twice = [case_id for case_id, n in Counter(example.id for example in examples).items() if n > 1]
    if twice:
        raise RunError(f"{len(twice)} example ids occur more than once, among them {twice[0]!r}; ids must differ.")


class _Crew:
    """Daemon threads that take places from one queue until it is empty, `enough` says so, or `stop` is called."""

    def __init__(self, work: Callable[[int], list[Case]], places: Sequence[int], size: int, enough: Stop) -> None:
        self._work = work
        self._places = iter(places)
        self._size = size
        self._enough = enough
        self._next = threading.Lock()
        self._stopped = False
        self._ended: SimpleQueue[list[Case] | BaseException | None] = SimpleQueue()

    def work(self, end: Callable[[], list[Case]]) -> Iterator[list[Case]]:
        """Yields the cases that became final, as they did, last those of `end`; raises what a worker raised."""
        for number in range(self._size):
            # Each thread works in a copy of the caller's context, as a coroutine would.
            context = contextvars.copy_context()
            threading.Thread(target=context.run, args=(self._run,), name=f"case-{number}", daemon=True).start()
        running = self._size
        while running:
            ended = self._ended.get()
            if isinstance(ended, BaseException):
                raise ended
            if ended is None:
                running -= 1
            else:
                yield ended
        yield end()

    def stop(self) -> None:
        """Hands out no further place."""
        self._stopped = True

    def _run(self) -> None:
        try:
            while (place := self._take()) is not None:
                self._ended.put(self._work(place))
        except BaseException as error:  # noqa: BLE001 it is raised again, in the thread of the caller
            self._ended.put(error)
        else:
            self._ended.put(None)

    def _take(self) -> int | None:
        with self._next:
            place = None if self._stopped else next(self._places, None)
            if place is None or not self._enough():
                return place
            self._stopped = True
            return None
