"""Which of the runs there are is the reference under a policy, and what is to be said of the choice.

Which run is the best one must not be settled by the scores that the claim is then tested on, or the error rate is no
longer the stated one. So a program that was chosen by a search goes first, by its score on validation rows: no test row
had a say in it. Where no contender has such a score, the best one on the test rows is taken. That choice favours the
reference: its score is the largest of several, chance included. A PASS against it holds all the more; a FAIL of a claim
that is true may come more often than stated, and the verdict says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dspysota.records import Policy, ReferenceCell, Run

POLICIES: tuple[Policy, ...] = ("baseline", "same_program", "best")

BY_VALIDATION = "The best of {n} runs of {model} by its score on validation rows ({score:.3f}): {name}."
BY_TEST = (
    "The best of {n} runs of {model} by its score on the test rows themselves: {name}. That favours the reference: a "
    "PASS holds all the more, a FAIL of a true claim may come more often than stated."
)

FEWER = "{n} seeds were to be compared with, and of {name} there are runs of {there} alone."


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a candidate asked, and which rows: what decides its reference."""

    program: str
    approach: str
    adapter: str
    data: str
    """Digest of the rows."""
    teacher: str | None = None
    seeds: tuple[int, ...] = ()
    """Of its runs; empty: whichever."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """A reference, and what a reader should know of the choice."""

    run: Run
    others: tuple[Run, ...] = ()
    """Runs of the same program, prepared with other seeds."""
    notes: tuple[str, ...] = ()

    @property
    def runs(self) -> tuple[Run, ...]:
        """All of them, one a seed."""
        return self.run, *self.others


def find(policy: Policy, cell: ReferenceCell, asked: Asked, runs: Sequence[Run]) -> Found | None:
    """The run of the reference's model that the policy takes, on the very rows that the candidate was asked.

    None where there is none. A replayed run goes before a measured one of the same program. `baseline` takes a run for
    each seed of the reference's cell, `same_program` one for each of the candidate's, as far as there are such; of
    other seeds one is taken where there is none of these.
    """
    fits = [run for run in runs if _of_the_model(run, cell) and _same_rows(run, asked.data)]
    fits.sort(key=lambda run: run.info.provenance != "replayed")
    if policy == "best":
        return best(fits)
    names = cell if policy == "baseline" else asked
    wanted = (names.program, names.approach, names.adapter)
    named = [run for run in fits if (run.info.program, run.info.approach, run.info.adapter) == wanted]
    if policy == "same_program":
        named.sort(key=lambda run: run.info.compile.teacher != asked.teacher)
    return _of_seeds(names.seeds, named) if named else None


def best(runs: Sequence[Run]) -> Found | None:
    """The best of a model's runs on the same rows, chosen as this module says; None of none."""
    if len(runs) <= 1:
        return Found(run=runs[0]) if runs else None
    searched = [run for run in runs if run.info.compile.validation_score is not None]
    if searched:
        one = max(searched, key=lambda run: run.info.compile.validation_score or 0.0)
        score = one.info.compile.validation_score
        words = BY_VALIDATION.format(n=len(runs), model=one.info.model.name, score=score, name=one.name)
    else:
        one = max(runs, key=Run.score)
        words = BY_TEST.format(n=len(runs), model=one.info.model.name, name=one.name)
    return Found(run=one, notes=(words,))


def _of_seeds(seeds: Sequence[int], runs: Sequence[Run]) -> Found:
    there: dict[int, Run] = {}
    for run in runs:
        if run.info.compile.teacher == runs[0].info.compile.teacher:
            there.setdefault(run.info.seed, run)
    chosen = [there[seed] for seed in seeds if seed in there] or [runs[0]]
    fewer = len(chosen) < len(seeds)
    notes = (FEWER.format(n=len(seeds), name=chosen[0].unseeded, there=len(chosen)),) if fewer else ()
    return Found(run=chosen[0], others=tuple(chosen[1:]), notes=notes)


def _of_the_model(run: Run, cell: ReferenceCell) -> bool:
    return run.info.task == cell.task and run.info.model.name == cell.model


def _same_rows(run: Run, digest: str) -> bool:
    return run.info.data.digest == digest and len(run.cases) == run.info.data.rows
