"""Which adapter suits a model: each is tried on the same few training questions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from dspysota import tasks
from dspysota.errors import ServerError
from dspysota.experiment.workbench import Workbench
from dspysota.profiles import Cell
from dspysota.programs.reply import NO_TEMPLATE
from dspysota.records import ERRORS, Case, Failure
from dspysota.stats import Interval, wilson

WITHOUT_TEMPLATE = frozenset({"completion"})
"""Adapters that can ask a model which has no chat template."""


@dataclass(frozen=True, kw_only=True)
class Tried:
    """What one adapter brought on `questions` training rows; `score` is the task's primary metric, in [0, 1]."""

    adapter: str
    questions: int
    score: float
    interval: Interval
    """95%, Wilson's."""
    unparsable: int
    """Answers that could not be read; those cut off by the limit on tokens are `truncated` instead."""
    truncated: int
    errors: int
    tokens: float | None
    """Prompt and completion tokens a question; None where the server did not say."""
    seconds: float
    """Wall time of a question, with others in flight beside it."""
    error: str | None = None
    """The most frequent error, where there was one."""


@dataclass(frozen=True, kw_only=True)
class TriedFormats:
    """All that was tried, the best first, and why each of the other adapters was not."""

    tried: tuple[Tried, ...]
    left_out: Mapping[str, str]


def try_formats(workbench: Workbench, cells: Sequence[Cell], rows: int) -> TriedFormats:
    """Ask the first `rows` training questions through the adapter of each cell, one cell after the other.

    An adapter that the server cannot serve is left out; a model without a chat template is asked by `completion` alone.
    Raises SotaError where the model cannot be had, or where no adapter is left.
    """
    with workbench.serve(cells[0]):
        pass  # once, so that a server that is not there is not waited for by each adapter
    tried: list[Tried] = []
    left_out: dict[str, str] = {}
    chats = True
    for cell in cells:
        if not chats and cell.adapter not in WITHOUT_TEMPLATE:
            left_out[cell.adapter] = f"{NO_TEMPLATE}."
            continue
        try:
            evaluation = workbench.rehearse(cell, rows)
        except ServerError as error:
            chats = chats and NO_TEMPLATE not in str(error)
            left_out[cell.adapter] = str(error) if chats else f"{NO_TEMPLATE}."
            continue
        tried.append(summed_up(cell.adapter, evaluation.cases, tasks.get(cell.task).primary))
    if not tried:
        raise ServerError(next(iter(left_out.values())))
    return TriedFormats(tried=tuple(sorted(tried, key=_place)), left_out=left_out)


def _place(one: Tried) -> tuple[float, bool, float]:
    """The best score first; of equal ones the least tokens, and last what is not known."""
    return (-one.score, one.tokens is None, one.tokens or 0.0)


def summed_up(adapter: str, cases: Sequence[Case], primary: str) -> Tried:
    """The figures of one adapter's cases. Raises RunError where there are none."""
    scores = [case.scores[primary] for case in cases]
    kinds = Counter(case.failure for case in cases)
    errors = Counter(case.error for case in cases if case.error is not None)
    tokens = [case.usage.total_tokens for case in cases]
    known = [count for count in tokens if count is not None]
    return Tried(
        adapter=adapter,
        questions=len(cases),
        interval=wilson(min(sum(scores), len(cases)), len(cases)),
        score=fmean(scores),
        unparsable=kinds[Failure.UNPARSABLE],
        truncated=kinds[Failure.TRUNCATED],
        errors=sum(kinds[kind] for kind in ERRORS),
        tokens=fmean(known) if len(known) == len(tokens) else None,
        seconds=fmean(case.seconds for case in cases),
        error=errors.most_common(1)[0][0] if errors else None,
    )


def advice(tried: Sequence[Tried]) -> str:
    """One sentence on which adapter to take, and how sure that is. `tried` has the best first, and at least one."""
    best, *others = tried
    n = best.questions
    if best.score == 0:
        return f"No adapter got any of {n} questions right; take a larger model, or another program."
    close = [one.adapter for one in others if one.interval.high >= best.interval.low]
    if close:
        return (
            f"Take {best.adapter}, but {n} questions are few: the intervals of {', '.join(close)} overlap with its "
            f"own; more rows (such as --rows {4 * n}) would say more."
        )
    if not others:
        return f"Only {best.adapter} was tried, on {n} questions."
    return f"Take {best.adapter}: on these {n} questions no other interval reaches up to its own."
