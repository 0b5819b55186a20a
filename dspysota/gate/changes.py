"""The metrics of a run beside its baseline's, example by example."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from dspysota import costs
from dspysota.gate import intervals
from dspysota.gate.result import Change, Flip
from dspysota.gate.rules import PERCENTILES, Kind, kind_of
from dspysota.records import Case, Run
from dspysota.stats import Interval, paired_difference, percentile

SHOWN = ("p50_seconds", "p95_seconds", "tokens_per_question", "usd_per_question", "errors")
"""What is compared besides the scores, whatever the rules are."""

QUESTION = 200
"""Characters of a flipped question that are kept."""


@dataclass(frozen=True)
class Paired:
    """Two runs, and their cases on the examples that both answered, in the order of the run."""

    run: Run
    baseline: Run
    mine: tuple[Case, ...]
    theirs: tuple[Case, ...]
    gone: tuple[str, ...]
    """Ids of examples that only the baseline has."""
    new: tuple[str, ...]
    """Ids of examples that only the run has."""

    @classmethod
    def of(cls, run: Run, baseline: Run) -> Paired:
        """Pair the cases by their ids."""
        here, there = ({case.case_id: case for case in side.cases} for side in (run, baseline))
        both = [i for i in here if i in there]
        return cls(
            run=run,
            baseline=baseline,
            mine=tuple(here[i] for i in both),
            theirs=tuple(there[i] for i in both),
            gone=tuple(i for i in there if i not in here),
            new=tuple(i for i in here if i not in there),
        )

    def flips(self) -> tuple[tuple[Flip, ...], tuple[Flip, ...]]:
        """Examples that lost full marks of the run's main metric, and those that won them."""
        metric = self.run.info.primary
        pairs = [(a, b) for a, b in zip(self.mine, self.theirs, strict=True) if metric in a.scores.keys() & b.scores]
        lost = (_flip(a, b) for a, b in pairs if a.scores[metric] < 1 <= b.scores[metric])
        won = (_flip(a, b) for a, b in pairs if b.scores[metric] < 1 <= a.scores[metric])
        return tuple(lost), tuple(won)


def names(run: Run, rules: Iterable[str]) -> list[str]:
    """The metrics to compare: the run's scores, those always shown, and those that rules name."""
    return list(dict.fromkeys([*run.info.metrics, *SHOWN, *(name for name in rules if name in PERCENTILES)]))


def change(metric: str, paired: Paired) -> Change:
    """One metric of both, on the examples that both answered; unknown where a side does not know it."""
    kind = kind_of(metric)
    mine, theirs = _values(metric, kind, paired)
    n = len(paired.mine)
    if not n or mine is None or theirs is None:
        now, then = (_value(metric, kind, side) if side else None for side in (mine, theirs))
        return Change(metric=metric, kind=kind, n=n, value=now, baseline=then)
    value, baseline = _value(metric, kind, mine), _value(metric, kind, theirs)
    if kind == "errors":
        return Change(metric=metric, kind=kind, n=n, value=value, baseline=baseline, change=value - baseline)
    found = paired_difference(mine, theirs) if kind == "score" else _ratio(metric, kind, mine, theirs)
    moved = value - baseline if kind == "score" else value / baseline - 1 if baseline else None
    low, high = found or (None, None)
    return Change(metric=metric, kind=kind, n=n, value=value, baseline=baseline, change=moved, low=low, high=high)


def _values(metric: str, kind: Kind, paired: Paired) -> tuple[list[float] | None, list[float] | None]:
    """One value an example for both sides; None for a side that does not know them all."""
    sides = ((paired.run, paired.mine), (paired.baseline, paired.theirs))
    one, other = (_known(_read(metric, kind, run, cases)) for run, cases in sides)
    return one, other


def _read(metric: str, kind: Kind, run: Run, cases: Sequence[Case]) -> Iterator[float | None]:
    if kind == "dollars":
        of_case = dict(zip((case.case_id for case in run.cases), _dollars(run), strict=True))
        yield from (of_case[case.case_id] for case in cases)
        return
    for case in cases:
        if kind == "score":
            yield case.scores.get(metric)
        elif kind == "seconds":
            yield case.seconds
        elif kind == "tokens":
            yield case.spent.total_tokens if case.spent is not None else None
        else:
            yield float(case.error is not None)


def _dollars(run: Run) -> Sequence[float | None]:
    """By the basis that the run's dollars are counted by; unknown where none is, or it is not said which of two."""
    basis = costs.dollars(run)
    return [None] * len(run.cases) if basis is None else costs.of_run(run, basis)


def _known(values: Iterable[float | None]) -> list[float] | None:
    found = list(values)
    known = [float(value) for value in found if value is not None]
    return known if len(known) == len(found) else None


def _value(metric: str, kind: Kind, values: Sequence[float]) -> float:
    if kind == "seconds":
        return percentile(values, PERCENTILES[metric])
    return sum(values) if kind == "errors" else sum(values) / len(values)


def _ratio(metric: str, kind: Kind, mine: Sequence[float], theirs: Sequence[float]) -> Interval | None:
    """95% interval of the ratio minus 1."""
    if kind == "seconds":
        found = intervals.of_percentiles(mine, theirs, PERCENTILES[metric])
    else:
        found = intervals.of_sums(mine, theirs)
    return None if found is None else Interval(found.low - 1, found.high - 1)


def _flip(case: Case, baseline: Case) -> Flip:
    return Flip(case_id=case.case_id, question=" ".join((case.question or baseline.question).split())[:QUESTION])
