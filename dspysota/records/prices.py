"""What tokens and machines cost, and the bases by which a cost can be counted."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Literal

from pydantic import Field

from dspysota.records.base import Record, Usage

Basis = Literal["list", "machine", "parameters"]
"""By the price list of a provider, by the price of the machine and the time it was busy, or by parameters × tokens."""

UNITS: dict[Basis, str] = {"list": "$", "machine": "$", "parameters": "FLOP"}
"""What amounts of each basis are in."""

_PREFIXES = ("", "k", "M", "G", "T", "P", "E", "Z")

HERE = "as the profile says"
"""The source of a price that stands in the profile itself."""


class TokenPrice(Record):
    """US dollars per million tokens, and where that is from."""

    prompt: float = Field(ge=0, allow_inf_nan=False, strict=True)
    completion: float = Field(ge=0, allow_inf_nan=False, strict=True)
    cached: float | None = Field(default=None, ge=0, allow_inf_nan=False, strict=True)
    """Of prompt tokens that the server had in its cache; None: as any prompt token."""
    provider: str | None = None
    """Whose price it is; prices of one provider can be compared, those of several say as much about the providers."""
    source: str = HERE
    """Source and date in words."""

    def of(self, prompt_tokens: float, completion_tokens: float, cached_tokens: float = 0) -> float:
        """Return US dollars; `cached_tokens` are some of the prompt tokens.

        >>> TokenPrice(prompt=0.5, completion=1.5, cached=0.1).of(1_000_000, 2_000_000, 500_000)
        3.3
        """
        cached = self.prompt if self.cached is None else self.cached
        hits = min(cached_tokens, prompt_tokens)
        return (self.prompt * (prompt_tokens - hits) + cached * hits + self.completion * completion_tokens) / 1e6

    def of_usage(self, usage: Usage) -> float | None:
        """Return US dollars; None where the server did not say what it counted.

        What a server does not call cached is not: nobody takes a discount off tokens that no bill names.
        """
        if usage.prompt_tokens is None or usage.completion_tokens is None:
            return None
        return self.of(usage.prompt_tokens, usage.completion_tokens, usage.cached_tokens or 0)


class TeacherPrices(Record):
    """What is known of the price of the model that taught, where that was another one."""

    model: str
    parameters: float | None = None
    tokens: TokenPrice | None = None
    usd_per_hour: float | None = None


class Prices(Record):
    """What a run is counted by. It decides nothing that is measured: another price needs no new measurement."""

    basis: Basis | None = None
    """The one that claims use; None where the profile names none."""
    tokens: TokenPrice | None = None
    usd_per_hour: float | None = None
    """Of the machine that served the model, whole, in US dollars."""
    teacher: TeacherPrices | None = None


class Amounts(list[float | None]):
    """What each case of a run cost, in the order of its cases, and by which basis; None where that is unknown."""

    def __init__(self, amounts: Iterable[float | None], basis: Basis) -> None:
        super().__init__(amounts)
        self.basis: Basis = basis


def amount(value: float | None, unit: str) -> str:
    """Dollars, or operations with the prefix that keeps them short: three significant figures, never an exponent.

    >>> amount(0.000147123, "$"), amount(1234.5, "$"), amount(1.4554e12, "FLOP"), amount(0.0, "$"), amount(None, "$")
    ('$0.000147', '$1,234', '1.46 TFLOP', '$0', 'unknown')
    """
    if value is None:
        return "unknown"
    if math.isinf(value):
        return "∞"
    if unit == "$":
        return f"${_significant(value)}"
    place = min(len(_PREFIXES) - 1, max(0, math.floor(math.log10(value) / 3))) if value > 0 else 0
    return f"{_significant(value / 1000**place)} {_PREFIXES[place]}{unit}"


def _significant(value: float) -> str:
    if value == 0:
        return "0"
    decimals = max(0, 2 - math.floor(math.log10(abs(value))))
    words = f"{value:,.{decimals}f}"
    return words.rstrip("0").rstrip(".") if decimals else words
