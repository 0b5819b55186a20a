"""The one place where a session's dollars come from: what a model's tokens cost, as the profile says."""

from __future__ import annotations

from collections.abc import Iterable

from dspysota.compiling.budget import Price
from dspysota.errors import ConfigError
from dspysota.profiles import ModelUse
from dspysota.records import Call


def price_of(use: ModelUse) -> Price | None:
    """What a model's tokens cost; None where the profile names no price: that is unknown, and never 0."""
    return Price(use.price.prompt, use.price.completion, use.price.cached) if use.price else None


def check_priced(model: str, price: Price | None) -> None:
    """Raise ConfigError for a model without a price, where dollars are to be limited."""
    if price is None:
        raise ConfigError(
            f"--sota-max-cost cannot count what {model!r} costs: it has no price. Give it one in the profile: models: "
            f"{{{model}: {{price: {{prompt: 0.1, completion: 0.1}}}}}}, in US dollars per million tokens, 0 where they "
            "cost nothing; or leave --sota-max-cost out."
        )


def spent(price: Price | None, calls: Iterable[Call]) -> float | None:
    """US dollars of some calls; None without a price, or where the server did not say what one of them took."""
    dollars = [price.of_usage(call.usage) if price else None for call in calls]
    known = [one for one in dollars if one is not None]
    return sum(known) if len(known) == len(dollars) else None
