"""DSPy's BootstrapFewShot with its questions asked many at a time."""

import copy
import itertools
import logging
import queue
import random
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

import dspy

from dspysota.compiling.crew import Crew, Give
from dspysota.programs.calls import recording
from dspysota.records import Call

T = TypeVar("T")


class ConcurrentBootstrap(dspy.BootstrapFewShot):
    """`dspy.BootstrapFewShot`, up to `concurrency` questions at a time, with the same demonstrations as its result.

    Only the order of asking is ours. What a success is, what becomes of its trace, and how the prompt is filled up are
    the parent's own code, run once per question on a teacher of its own, and put together in the trainset's order.

    Unlike the parent, failed questions never end the search (`max_errors` is without effect): with a small model,
    outputs that cannot be read are nothing exceptional. Nor do they change what the teacher shows later, as with the
    parent, where a labelled demonstration is lost once its own question was not readable. `on_end(asked, found)` is
    called after each question. `give` and `certain` are those of `first_successes`.
    """

    def __init__(
        self,
        *,
        concurrency: int,
        on_end: Callable[[int, int], None] | None = None,
        give: Give | None = None,
        certain: bool = False,
        **settings: Any,
    ) -> None:
        super().__init__(**settings)
        self.concurrency = concurrency
        self.on_end = on_end
        self.give = give
        self.certain = certain
        self.asked = 0
        """Questions asked, those included that proved not to be needed."""
        self.found = 0
        """Demonstrations found, one per question."""
        self.right: dict[int, dict[str, list[Any]]] = {}
        """Of each of them, by its question's place in the trainset, what is shown by each predictor."""
        self.calls: list[Call] = []
        """Every request made, in the order in which questions ended."""

    def _bootstrap(self, *, max_bootstraps: int | None = None) -> None:
        workers: queue.SimpleQueue[ConcurrentBootstrap] = queue.SimpleQueue()
        wanted = max_bootstraps or self.max_bootstrapped_demos
        for _ in range(min(self.concurrency, wanted) if self.certain else self.concurrency):
            workers.put(self._worker())

        def attempt(index: int) -> dict[str, list[Any]] | None:
            worker = workers.get()
            try:
                return worker._traces(self.trainset[index])
            finally:
                workers.put(worker)

        with _quiet():
            found, self.asked = first_successes(
                attempt,
                len(self.trainset),
                wanted,
                concurrency=self.concurrency,
                on_end=self.on_end,
                give=self.give,
                certain=self.certain,
            )
        self.found, self.right = len(found), found
        self.name2traces: dict[str, list[Any]] = {name: [] for name in self.name2predictor}
        for traces in found.values():
            for name, demos in traces.items():
                self.name2traces[name].extend(demos)
        # As the parent does: whatever gave no demonstration may fill up the prompt as a labelled one.
        self.validation = [example for index, example in enumerate(self.trainset) if index not in found]
        random.Random(0).shuffle(self.validation)

    def _worker(self) -> "ConcurrentBootstrap":
        """Return a copy with a teacher of its own, since asking a question changes the teacher for its duration."""
        worker = copy.copy(self)
        worker.teacher = self.teacher.deepcopy()
        worker.predictor2name = {id(predictor): name for name, predictor in worker.teacher.named_predictors()}
        worker.max_errors = sys.maxsize
        return worker

    def _traces(self, example: Any) -> dict[str, list[Any]] | None:
        """Return the demonstrations of one question by predictor, None if no round succeeds."""
        shown = [(predictor, predictor.demos) for predictor in self.teacher.predictors()]
        for round_idx in range(self.max_rounds):
            self.name2traces = {name: [] for name in self.name2predictor}
            with recording() as calls:
                success = self._bootstrap_one_example(example, round_idx)
            self.calls.extend(calls)  # one list, shared by all workers
            # The parent takes the example out of the teacher's labelled ones, and leaves it out for good where the
            # output could not be read: what later questions are shown would depend on which came before.
            for predictor, demos in shown:
                predictor.demos = demos
            if success:
                return self.name2traces
        return None


def first_successes(  # noqa: PLR0913  all but the task itself by keyword
    attempt: Callable[[int], T | None],
    total: int,
    wanted: int,
    *,
    concurrency: int,
    on_end: Callable[[int, int], None] | None = None,
    give: Give | None = None,
    certain: bool = False,
) -> tuple[dict[int, T], int]:
    """Attempt 0, 1, 2, … `total` - 1 until `wanted` succeed; return the first of them by index, and how many were made.

    Up to `concurrency` attempts are under way at once, none of them `concurrency` or more places ahead of the first
    that has not ended. None is a failure. No further one is begun once enough have succeeded, since lower ones still
    under way can only take places from higher ones. So at most `concurrency` - 1 attempts are made that
    one after the other would not have made, however slow the one that decides; and with `certain` none at all, since
    then an attempt is begun only if those before it would not suffice even if all of them succeeded.

    Attempts are made by threads of their own, or by a crew's where its `give` is given, and see the caller's context
    variables. What an attempt raises is raised here.
    """
    if give is None:
        with Crew(min(concurrency, total)) as crew:
            return _Attempts(attempt, total, wanted, certain, crew.give).made(concurrency, on_end)
    return _Attempts(attempt, total, wanted, certain, give).made(concurrency, on_end)


class _Attempts(Generic[T]):
    """The attempts of one `first_successes`: which were begun, and what came of them."""

    def __init__(
        self, attempt: Callable[[int], T | None], total: int, wanted: int, certain: bool, give: Callable[..., None]
    ) -> None:
        self.attempt = attempt
        self.total = total
        self.wanted = wanted
        self.certain = certain
        self.give = give
        self.begun = 0
        self.successes = 0
        self.first_open = 0
        self.results: dict[int, T | None] = {}
        self.ended: queue.SimpleQueue[tuple[int, T | None, BaseException | None]] = queue.SimpleQueue()

    def made(self, concurrency: int, on_end: Callable[[int, int], None] | None) -> tuple[dict[int, T], int]:
        """Make them; return what `first_successes` does."""
        try:
            while True:
                while self._another() and self.begun - self.first_open < concurrency:
                    self._begin(self.begun)
                    self.begun += 1
                if self.begun == len(self.results):
                    break
                self._take(*self.ended.get())
                if on_end is not None:
                    on_end(len(self.results), self.successes)
        except Exception:
            # What is under way is waited for, so that nothing of it shows after the error; not so after Ctrl-C.
            for _ in range(self.begun - len(self.results)):
                self.ended.get()
            raise
        succeeded = sorted(index for index, result in self.results.items() if result is not None)[: self.wanted]
        return {index: result for index in succeeded if (result := self.results[index]) is not None}, self.begun

    def _another(self) -> bool:
        likely = self.begun - len(self.results) if self.certain else 0
        return self.begun < self.total and self.successes + likely < self.wanted

    def _begin(self, index: int) -> None:
        self.give(lambda: self.attempt(index), lambda result, error: self.ended.put((index, result, error)))

    def _take(self, index: int, result: T | None, error: BaseException | None) -> None:
        self.results[index] = result
        if error is not None:
            raise error
        self.successes += result is not None
        self.first_open = next(place for place in itertools.count(self.first_open) if place not in self.results)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep DSPy from printing every example that could not be answered: they are counted and reported in one note."""
    logger = logging.getLogger("dspy.teleprompt.bootstrap")

    def drop(entry: logging.LogRecord) -> bool:
        return not str(entry.msg).startswith("Failed to run or to evaluate")

    logger.addFilter(drop)
    try:
        yield
    finally:
        logger.removeFilter(drop)
