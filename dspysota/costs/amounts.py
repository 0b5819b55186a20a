"""What each case of a run cost."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import get_args

from dspysota.errors import ConfigError
from dspysota.records import UNITS, Amounts, Basis, Prices, Run, Usage

BASES: tuple[Basis, ...] = get_args(Basis)
"""All bases, in the order in which they are shown."""

_SECONDS_AN_HOUR = 3600.0


def of_run(run: Run, basis: Basis | None = None) -> Amounts:
    """What each case of a run cost, in the order of its cases; None where that is unknown.

    US dollars by `list` and `machine`, FLOP by `parameters`. Without a basis that of the run's profile is taken, so
    that `run.vs(reference, costs=costs.of_run)` is all that a claim needs. Raises ConfigError where none is named.

    list        tokens of every call as the server reported them, samples and failed calls too, times their prices
    machine     the price of an hour times the hours in which questions were asked, a share for each case
    parameters  2 × parameters × tokens: the forward pass of J. Kaplan et al. (2020), "Scaling laws for neural language
                models", arXiv:2001.08361, section 2.1, without its attention over the context, embeddings counted as
                parameters, whatever the precision of the weights
    """
    basis = basis or named(run)
    return Amounts(_BY[basis](run), basis)


def named(run: Run) -> Basis:
    """The basis by which claims count the run's cost. Raises ConfigError, with the cure, where none is named."""
    basis = run.info.prices.basis if run.info.prices else None
    if basis is None:
        raise ConfigError(
            f"A cost is asked for, and nothing says by what {run.name} is counted; add `cost: list`, `cost: machine` "
            "or `cost: parameters` to the profile, or name the basis: costs.of_run(run, 'list')."
        )
    return basis


def known(run: Run) -> tuple[Basis, ...]:
    """The bases by which the cost of every case is known, the one that claims use first; none without cases."""
    found = [basis for basis in BASES if run.cases and None not in of_run(run, basis)]
    chosen = run.info.prices.basis if run.info.prices else None
    return tuple(sorted(found, key=lambda basis: basis != chosen))


def dollars(run: Run) -> Basis | None:
    """The basis by which the run's dollars are counted; None where they are unknown, or it is not said which of two.

    That is the basis of claims where it is in dollars, else the only one that is known.
    """
    chosen = run.info.prices.basis if run.info.prices else None
    found = [basis for basis in known(run) if UNITS[basis] == "$"]
    if chosen is not None and UNITS[chosen] == "$":
        return chosen if chosen in found else None
    return found[0] if len(found) == 1 else None


def flop(parameters: float | None, usage: Usage | None) -> float | None:
    """2 × parameters × tokens; None where either is unknown. Tokens from the server's cache count like any other."""
    tokens = usage.total_tokens if usage is not None else None
    return None if parameters is None or tokens is None else 2.0 * parameters * tokens


def prices_of(run: Run) -> Prices:
    """What the run is counted by; nothing at all for one that is older than prices."""
    return run.info.prices or Prices()


def _by_list(run: Run) -> list[float | None]:
    price = prices_of(run).tokens
    spent = [case.spent for case in run.cases]
    return [price.of_usage(usage) if price and usage is not None else None for usage in spent]


def _by_machine(run: Run) -> list[float | None]:
    """The whole busy time, split by the seconds that each case took.

    Many cases are asked at once, so that their seconds overlap: each at the full price of its own seconds would pay for
    the machine many times over. Shares of the time that passed add up to exactly what the machine took; where questions
    were asked twice, to what is left without their second answers.
    """
    per_hour, wall = prices_of(run).usd_per_hour, run.info.wall_seconds
    if per_hour is None or wall <= 0:
        return [None] * len(run.cases)
    total, seconds = per_hour * wall / _SECONDS_AN_HOUR, math.fsum(case.seconds for case in (*run.cases, *run.again))
    if seconds <= 0:
        return [total / len(run.cases)] * len(run.cases)
    return [total * (case.seconds / seconds) for case in run.cases]


def _by_parameters(run: Run) -> list[float | None]:
    return [flop(run.info.model.parameters, case.spent) for case in run.cases]


_BY: Mapping[Basis, Callable[[Run], list[float | None]]] = {
    "list": _by_list,
    "machine": _by_machine,
    "parameters": _by_parameters,
}
