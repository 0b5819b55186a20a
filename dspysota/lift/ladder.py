"""From stored runs to ladders: a score, a paired difference and a token cost for each step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from dspysota.lift.rungs import Name, Rung, found, optimized, rungs, same_rows, why_not
from dspysota.records import Run
from dspysota.stats import Interval, mean_interval, paired_difference

State = Literal["measured", "no change", "missing"]


@dataclass(frozen=True, kw_only=True)
class Change:
    """A difference of two mean scores on the same questions, in [-1, 1], with its 95% interval."""

    value: float
    interval: Interval
    tokens_ratio: float | None
    """Tokens a question over those before; None where none were used before, or the server did not say."""

    @property
    def clear(self) -> bool:
        """Whether the interval leaves out zero."""
        return not self.interval.low <= 0 <= self.interval.high


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step. Numbers are None where the step was not measured; `change` also where the step before was not.

    A step with "no change" is the same program as the one before, has its numbers, and was not measured again.
    """

    name: Name
    program: str
    approach: str
    adapter: str
    state: State
    remark: str = ""
    """Why it was not measured, why there is no change, or why the run has another name than the step would have."""
    run_key: str | None = None
    score: float | None = None
    interval: Interval | None = None
    """95%, of the score."""
    change: Change | None = None
    """To the step before."""
    tokens: float | None = None
    """Prompt and completion tokens a question, all calls and samples; None also where the server did not say."""
    errors: int = 0
    """Questions without any answer; they count as zero."""

    @property
    def described(self) -> str:
        """The program, how it was prepared, and the adapter; in brackets why that is not what the step is called."""
        why = f" ({self.remark})" if self.state == "measured" and self.remark else ""
        return f"{self.program} · {self.approach} · {self.adapter}{why}"


@dataclass(frozen=True, kw_only=True)
class Selection:
    """The score that a program was chosen by beside its score on questions that had no say in it."""

    validation_score: float
    validation_rows: int
    candidates: int
    held_out: float | None
    """None where the program itself was not measured, such as one of which only samples were."""
    interval: Interval | None
    """95%, of the held-out score. There is none of the validation score: of the best of many it would be too narrow."""
    rows: int


@dataclass(frozen=True, kw_only=True)
class Ladder:
    """Where the score of one optimized run came from."""

    run_key: str
    name: str
    data: str
    metric: str
    rows: int
    approach: str
    steps: tuple[Step, ...]
    total: Change | None
    """From the first step to the last; None where one of them was not measured."""
    kept_unprepared: bool
    """Whether preparing ended with the program as it was."""
    selection: Selection | None
    """None where the program was not chosen by a score."""

    @property
    def missing(self) -> tuple[Step, ...]:
        """The steps that were not measured."""
        return tuple(step for step in self.steps if step.state == "missing")


def ladders(runs: Sequence[Run]) -> tuple[Ladder, ...]:
    """The ladder of each optimized run, in the order of the runs; other runs are steps, or of no account here.

    Runs belong together when they have the same task, rows, metric, model, seed and limit of tokens; scores are paired
    only where the cases are those of the same rows.
    """
    return tuple(_ladder(run, steps, runs) for run in runs if optimized(run.info) and (steps := rungs(run.info)))


def _ladder(run: Run, wanted: Sequence[Rung], runs: Sequence[Run]) -> Ladder:
    there = [found(rung, run, (run, *runs)) for rung in wanted]
    steps: list[Step] = []
    for place, (rung, one) in enumerate(zip(wanted, there, strict=True)):
        if place and rung.asked == wanted[place - 1].asked:
            steps.append(_unchanged(rung, steps[-1]))
        elif one is None:
            steps.append(_step(rung, state="missing", remark=why_not(rung, run, runs)))
        else:
            steps.append(_measured(rung, one, there[place - 1] if place else None))
    info = run.info
    whole = there[-2 if wanted[-1].name == "samples" else -1]
    return Ladder(
        run_key=info.key,
        name=run.name if info.provenance == "measured" else f"{run.name} ({info.provenance})",
        data=info.data.name,
        metric=info.primary,
        rows=info.data.rows,
        approach=info.approach,
        steps=tuple(steps),
        total=_change(there[-1], there[0]) if wanted[-1].asked != wanted[0].asked else None,
        kept_unprepared=info.compile.identity == info.compile.unprepared_digest,
        selection=_selection(run, whole),
    )


def _step(rung: Rung, **values: Any) -> Step:
    named = {"name": rung.name, "program": rung.program, "approach": rung.approach, "adapter": rung.adapter}
    return Step(**{**named, **values})


def _unchanged(rung: Rung, before: Step) -> Step:
    why = {
        "format": f"{rung.adapter} is DSPy's default",
        "instructions": "they are the task's own",
        "demonstrations": "there are none",
    }
    return _step(
        rung,
        state="no change",
        remark=why[rung.name],
        run_key=before.run_key,
        score=before.score,
        interval=before.interval,
        tokens=before.tokens,
        errors=before.errors,
    )


def _measured(rung: Rung, run: Run, before: Run | None) -> Step:
    return _step(
        rung,
        approach=run.info.approach,
        state="measured",
        # Whichever run put the same program to the model answers for the step.
        remark="" if run.info.approach == rung.approach else "the same program",
        run_key=run.info.key,
        score=run.score(),
        interval=mean_interval(run.scores()),
        change=_change(run, before),
        tokens=run.tokens_per_question,
        errors=run.errors,
    )


def _change(run: Run | None, before: Run | None) -> Change | None:
    if run is None or before is None or not same_rows(run, before):
        return None
    tokens, base = run.tokens_per_question, before.tokens_per_question
    return Change(
        value=run.score() - before.score(),
        interval=paired_difference(run.scores(), before.scores()),
        tokens_ratio=tokens / base if tokens is not None and base else None,
    )


def _selection(run: Run, whole: Run | None) -> Selection | None:
    """`whole` is the run of the program that was chosen: the run itself, unless that drew samples of it."""
    compiled = run.info.compile
    if compiled.validation_score is None:
        return None
    return Selection(
        validation_score=compiled.validation_score,
        validation_rows=compiled.validation_rows,
        candidates=compiled.candidates,
        held_out=whole.score() if whole else None,
        interval=mean_interval(whole.scores()) if whole else None,
        rows=len(whole.cases) if whole else 0,
    )
