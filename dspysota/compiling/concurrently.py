"""DSPy's BootstrapFewShot with its questions asked many at a time."""

import contextvars
import copy
import itertools
import logging
import queue
import random
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

import dspy

from dspysota.programs.calls import recording
from dspysota.records import Call

T = TypeVar("T")


class ConcurrentBootstrap(dspy.BootstrapFewShot):
    """`dspy.BootstrapFewShot`, up to `concurrency` questions at a time, with the same demonstrations as its result.

    Only the order of asking is ours. What a success is, what becomes of its trace, and how the prompt is filled up are
    the parent's own code, run once per question on a teacher of its own, and put together in the trainset's order.

    Unlike the parent, failed questions never end the search (`max_errors` is without effect): with a small model,
    outputs that cannot be read are nothing exceptional. `on_end(asked, found)` is called after each question.
    """

    def __init__(self, *, concurrency: int, on_end: Callable[[int, int], None] | None = None, **settings: Any) -> None:
        super().__init__(**settings)
        self.concurrency = concurrency
        self.on_end = on_end
        self.asked = 0
        """Questions asked, those included that proved not to be needed."""
        self.found = 0
        """Demonstrations found, one per question."""
        self.calls: list[Call] = []
        """Every request made, in the order in which questions ended."""

    def _bootstrap(self, *, max_bootstraps: int | None = None) -> None:
        workers: queue.SimpleQueue[ConcurrentBootstrap] = queue.SimpleQueue()
        for _ in range(self.concurrency):
            workers.put(self._worker())

        def attempt(index: int) -> dict[str, list[Any]] | None:
            worker = workers.get()
            try:
                return worker._traces(self.trainset[index])
            finally:
                workers.put(worker)

        wanted = max_bootstraps or self.max_bootstrapped_demos
        with _quiet():
            found, self.asked = first_successes(
                attempt, len(self.trainset), wanted, concurrency=self.concurrency, on_end=self.on_end
            )
        self.found = len(found)
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
        for round_idx in range(self.max_rounds):
            self.name2traces = {name: [] for name in self.name2predictor}
            with recording() as calls:
                success = self._bootstrap_one_example(example, round_idx)
            self.calls.extend(calls)  # one list, shared by all workers
            if success:
                return self.name2traces
        return None


def first_successes(
    attempt: Callable[[int], T | None],
    total: int,
    wanted: int,
    *,
    concurrency: int,
    on_end: Callable[[int, int], None] | None = None,
) -> tuple[dict[int, T], int]:
    """Attempt 0, 1, 2, … `total` - 1 until `wanted` succeed; return the first of them by index, and how many were made.

    Up to `concurrency` attempts are under way at once, none of them `concurrency` or more places ahead of the first
    that has not ended. None is a failure. No further one is begun once enough have succeeded, since lower ones still
    under way can only take places from higher ones. So at most `concurrency` - 1 attempts are made that
    one after the other would not have made, however slow the one that decides. Attempts see the caller's context
    variables. What an attempt raises is raised here.
    """
    crew = _Crew(attempt, min(concurrency, total))
    results: dict[int, T | None] = {}
    begun = successes = first_open = 0
    try:
        while True:
            while begun < total and successes < wanted and begun - first_open < concurrency:
                crew.todo.put(begun)
                begun += 1
            if begun == len(results):
                break
            index, results[index], error = crew.ended.get()
            if error is not None:
                raise error  # noqa: TRY301  it has been raised once already, in its thread
            successes += results[index] is not None
            first_open = next(open_ for open_ in itertools.count(first_open) if open_ not in results)
            if on_end is not None:
                on_end(len(results), successes)
    except Exception:
        # What is under way is waited for, so that nothing of it shows after the error; not so after Ctrl-C.
        for _ in range(begun - len(results)):
            crew.ended.get()
        raise
    finally:
        crew.dismiss()
    kept = sorted(index for index, result in results.items() if result is not None)[:wanted]
    return {index: result for index in kept if (result := results[index]) is not None}, begun


class _Crew(Generic[T]):
    """Threads that attempt what is put into `todo`. Daemons: after Ctrl-C nobody waits for their answers."""

    def __init__(self, attempt: Callable[[int], T | None], size: int) -> None:
        self.attempt = attempt
        self.size = size
        self.todo: queue.SimpleQueue[int | None] = queue.SimpleQueue()
        self.ended: queue.SimpleQueue[tuple[int, T | None, BaseException | None]] = queue.SimpleQueue()
        for _ in range(size):
            context = contextvars.copy_context()
            threading.Thread(target=context.run, args=(self._work,), name="bootstrap", daemon=True).start()

    def dismiss(self) -> None:
        """Let every thread end once it has nothing under way."""
        for _ in range(self.size):
            self.todo.put(None)

    def _work(self) -> None:
        while (index := self.todo.get()) is not None:
            try:
                self.ended.put((index, self.attempt(index), None))
            except BaseException as error:  # noqa: BLE001  raised again in the caller's thread
                self.ended.put((index, None, error))


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
