"""What a run cost in all, a question, and a correct answer; and when what was spent on it is paid back."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

from dspysota.costs.amounts import dollars, named, of_run
from dspysota.costs.compiling import Spend, spend
from dspysota.errors import RunError
from dspysota.records import UNITS, Basis, Run
from dspysota.stats import Interval

MOST_DRAWN, FEWEST = 2_000_000, 999
"""Pairs drawn for an interval that nothing is decided by, and its fewest resamples: a report has many of them."""


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A ratio of sums over cases, and its 95% interval; the upper end is infinite where the cases set no bound."""

    value: float
    interval: Interval


@dataclass(frozen=True, kw_only=True)
class Retries:
    """What failed attempts took. Their tokens are in no answer, so that no server has reported them."""

    attempts: int
    """Requests beyond the first of a call."""
    seconds: float
    """Summed over calls, pauses between attempts included."""


@dataclass(frozen=True, kw_only=True)
class Summary:
    """A run's cost by one basis, in `unit`; None where it is unknown."""

    basis: Basis
    unit: str
    total: float | None
    """Of all cases; preparing the program is apart."""
    per_question: Estimate | None
    per_correct: Estimate | None
    """Cost of all cases over the number of those with full marks; None where nothing was right."""
    compile: Spend
    retries: Retries


def summary(run: Run, basis: Basis | None = None) -> Summary:
    """What a run cost; without a basis by that of its profile. Raises ConfigError where none is named.

    The intervals are those of the studentized bootstrap of `dspysota.claims.cost`, cases resampled with their costs.
    """
    basis = basis or named(run)
    amounts = _whole(run, basis)
    right = tuple(float(case.failure is None) for case in run.cases)
    return Summary(
        basis=basis,
        unit=UNITS[basis],
        total=math.fsum(amounts) if amounts else None,
        per_question=per_question(run, basis),
        per_correct=_ratio(amounts, right) if amounts and any(right) else None,
        compile=spend(run, basis),
        retries=_retries(run),
    )


def per_question(run: Run, basis: Basis) -> Estimate | None:
    """What a question cost, without the rest of a summary; None where the cost of a case is unknown."""
    amounts = _whole(run, basis)
    return _ratio(amounts, (1.0,) * len(amounts)) if amounts else None


def _whole(run: Run, basis: Basis) -> tuple[float, ...]:
    """What each case cost; nothing at all where one of them is unknown."""
    amounts = tuple(amount for amount in of_run(run, basis) if amount is not None)
    return amounts if len(amounts) == len(run.cases) else ()


def usd_per_question(run: Run) -> float | None:
    """US dollars a question; None where they are unknown, or it is not said which of two bases counts."""
    basis = dollars(run)
    return None if basis is None else _mean(run, basis)


def question_cost(run: Run) -> tuple[float, str] | None:
    """What a question cost and its unit, without an interval; None where that is unknown.

    By the basis that the profile names; where it names none, by the only one in dollars that is known.
    """
    prices = run.info.prices
    basis = prices.basis if prices and prices.basis else dollars(run)
    value = None if basis is None else _mean(run, basis)
    return None if basis is None or value is None else (value, UNITS[basis])


def break_even(run: Run, reference: Run, basis: Basis | None = None) -> int | None:
    """The number of questions from which what preparing the run's program took is paid back.

    That is, compile spend over what a question costs less than with the reference, rounded up: 0 where nothing was
    spent, None (never) where a question costs as much or more. What preparing the reference took is not credited: it
    is there, whether it is replaced or not. Without a basis both runs' own is taken. Raises RunError where a cost is
    unknown or the runs are counted by several bases, ConfigError where none is named.
    """
    bases = [basis or named(one) for one in (run, reference)]
    if len(set(bases)) > 1:
        raise RunError(
            f"{run.name} is counted by {bases[0]} and {reference.name} by {bases[1]}; count both by one basis."
        )
    spent = spend(run, bases[0]).total
    if spent == 0:
        return 0
    costs = [_mean(one, bases[0]) for one in (run, reference)]
    if spent is None or costs[0] is None or costs[1] is None:
        raise RunError(
            f"When preparing {run.name} is paid back is unknown, since what it or {reference.name} cost is; "
            f"give every model that was asked what `cost: {bases[0]}` needs (docs/costs.md)."
        )
    saved = costs[1] - costs[0]
    return math.ceil(spent / saved) if saved > 0 else None


def _mean(run: Run, basis: Basis) -> float | None:
    amounts = [amount for amount in of_run(run, basis) if amount is not None]
    return math.fsum(amounts) / len(amounts) if amounts and len(amounts) == len(run.cases) else None


@lru_cache(maxsize=256)
def _ratio(costs: tuple[float, ...], by: tuple[float, ...]) -> Estimate:
    """Kept, because every kind of report asks for the same."""
    from dspysota.claims.cost import RESAMPLES, ratio_of_sums  # late: it imports numpy

    value = math.fsum(costs) / math.fsum(by)
    resamples = max(FEWEST, min(RESAMPLES, MOST_DRAWN // len(costs)))
    # In units of their own ratio: an interval is searched for around 1, whatever the amounts are in.
    unit = value or 1.0
    low, high = ratio_of_sums([cost / unit for cost in costs], by, resamples=resamples).interval()
    return Estimate(value=value, interval=Interval(low * unit, high * unit))


def _retries(run: Run) -> Retries:
    calls = [call for case in run.cases for call in case.calls]
    return Retries(
        attempts=sum(call.attempts - 1 for call in calls), seconds=math.fsum(call.retry_seconds for call in calls)
    )
