"""What a cost is counted by, in words for reports."""

from __future__ import annotations

from dspysota.costs.amounts import known, prices_of
from dspysota.records import UNITS, Basis, Run, TokenPrice


def counted(run: Run, basis: Basis) -> str:
    """By which price, and from where.

    A sentence's part such as `$0.1 + $0.1 a million tokens (microsoft/phi-2 at Together AI on 2026-11-01, …)`.
    """
    prices = prices_of(run)
    if basis == "list":
        return _token(prices.tokens) if prices.tokens else "no price of tokens"
    if basis == "machine":
        busy = f"of busy time, {run.info.concurrency} questions at once"
        return f"${prices.usd_per_hour:g} an hour {busy}" if prices.usd_per_hour else "no price of the machine"
    size = run.info.model.parameters
    return f"2 × {size / 1e9:.3g} billion parameters × tokens" if size else "number of parameters unknown"


def undecided(run: Run) -> str:
    """Why a run's dollars cannot be said, and what would cure it."""
    prices = prices_of(run)
    cure = f"give models.{run.info.model.name} a price or a usd_per_hour in the profile"
    if prices.tokens is None and prices.usd_per_hour is None:
        return f"nothing has a price; {cure}"
    both = [basis for basis in known(run) if UNITS[basis] == "$"]
    if len(both) > 1:
        return "a list price and a machine price are both known; say which counts, `cost: list` or `cost: machine`"
    if (prices.basis or "list") == "list" and prices.tokens is not None:
        told = sum(case.spent is not None and case.spent.total_tokens is not None for case in run.cases)
        return f"the server reported what it spent for {told} of {len(run.cases)} cases"
    return f"the profile counts by {prices.basis}, of which nothing is known here; {cure}"


def pair(run: Run, reference: Run, basis: Basis) -> str | None:
    """Whether the ratio of two runs' costs can be read as one of models; None where nothing is to be said."""
    if basis != "list":
        return None
    mine, theirs = prices_of(run).tokens, prices_of(reference).tokens
    if mine is None or theirs is None:
        return None
    names = f"{run.info.model.name} and {reference.info.model.name}"
    if mine.provider is None or theirs.provider is None:
        return f"The prices of {names} name no provider; whether they can be compared is for their author to say."
    if mine.provider == theirs.provider:
        return f"The prices of {names} are both of {mine.provider}."
    return (
        f"The prices of {names} are of different providers ({mine.provider}, {theirs.provider}): "
        "their ratio says as much about the providers as about the models."
    )


def _token(price: TokenPrice) -> str:
    cached = "" if price.cached is None else f", ${price.cached:g} cached"
    return f"${price.prompt:g} + ${price.completion:g}{cached} a million tokens ({price.source})"
