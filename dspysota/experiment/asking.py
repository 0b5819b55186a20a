"""A plan's questions, asked: some twice, none beyond the session's limits, and every answer kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import NamedTuple

from dspysota import loop
from dspysota.errors import LimitReachedError
from dspysota.experiment import twice
from dspysota.experiment.limits import Limits, Questions
from dspysota.experiment.plan import Plan
from dspysota.experiment.progress import Progress
from dspysota.experiment.watching import Watching
from dspysota.loop import Book, Evaluation
from dspysota.records import Case, RunInfo
from dspysota.store import RunFolder


class Asked(NamedTuple):
    """What came of it: the evaluation of the first answers, and the second ones under the ids of their rows."""

    evaluation: Evaluation
    again: tuple[Case, ...]


def ask(
    plan: Plan,
    questions: Questions,
    limits: Limits,
    book: Book | None,
    progress: Progress,
    watch: Watching | None = None,
) -> Asked:
    """Ask what the book does not hold yet, until the claim that `watch` is about is decided.

    Raises LimitReachedError where a limit ended it: the book has what there is. Raises RunError as `evaluate` does.
    """
    rows = twice.with_seconds(plan.rows, plan.ask_twice, plan.seed)
    known = sum(not twice.is_second(case) for case in _known(book, [row.id for row in rows]))
    progress.begin(" · ".join((plan.info.name, plan.cell.id)), len(plan.rows), plan.task.primary)
    if watch is not None and book is not None:
        watch.begin(book.cases.values())

    def first(case: Case, done: int, total: int) -> None:
        progress.case(case, done, total)
        if watch is not None:
            watch.see(case)

    def decided() -> bool:
        return watch is not None and watch.decided

    try:
        evaluation = loop.evaluate(
            questions.solve,
            rows,
            task_score=plan.task.score,
            primary=plan.task.primary,
            complete=plan.task.complete,
            journal=book,
            concurrency=plan.concurrency,
            on_case=twice.firsts(first, known, len(plan.rows)),
            stop=lambda: decided() or questions.stop(),
        )
    finally:
        progress.end()
    if len(evaluation.cases) < len(rows) and not decided() and (why := limits.reached()) is not None:
        raise LimitReachedError(why)
    firsts = tuple(case for case in evaluation.cases if not twice.is_second(case))
    seconds = tuple(twice.original(case) for case in evaluation.cases if twice.is_second(case))
    return Asked(replace(evaluation, cases=firsts), seconds)


@contextmanager
def book_of(folder: RunFolder, info: RunInfo, *, asked_twice: bool) -> Iterator[Book]:
    """The run's journal; where questions are asked twice, with one of the second answers beside it. Raises RunError."""
    with ExitStack() as stack:
        journal = stack.enter_context(folder.journal(info.key, info))
        if not asked_twice:
            yield journal
            return
        yield twice.TwoJournals(journal, stack.enter_context(folder.again(info.key)))


def _known(book: Book | None, ids: list[str]) -> list[Case]:
    return [book.cases[one] for one in ids if one in book.cases] if book is not None else []
