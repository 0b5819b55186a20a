"""Keeps a compilation inside its budget: what a request may take is set aside before it is sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from dspysota.errors import ProgramError
from dspysota.records import Budget, Call, TokenPrice

BYTES_PER_TOKEN = 2.0
"""Bytes of a prompt for one token, until requests have shown how many it really is. English has about four."""

MARGIN = 1.25
"""How much longer than the longest seen, in tokens a byte, a prompt may turn out."""


class BudgetSpentError(ProgramError):
    """A request that did not fit into the budget any more, and was not sent."""


def refusal(error: BaseException | None) -> BudgetSpentError | None:
    """Return the refusal that an error comes from, None where it is another one: DSPy wraps what an engine raises."""
    while error is not None and not isinstance(error, BudgetSpentError):
        error = error.__cause__
    return error


class Guard(Protocol):
    """Keeps all that a session asks inside its own limits, which end a compilation without ending its search."""

    def admit(self, usd: float) -> str | None:
        """Set aside what a request may cost, or say in a sentence why it must not be sent."""

    def settle(self, aside: float, usd: float, seconds: float) -> None:
        """Replace what was set aside by what the request took."""

    def stop(self, why: str) -> None:
        """Hear that a request did not fit and nothing is under way that may make room for it."""

    def late(self, seconds: float) -> str | None:
        """Say in a sentence why what takes so many seconds would end too late; None where it would not."""

    def seconds_left(self) -> float | None:
        """Return the seconds that the session may still take; None where they are not bounded."""


@dataclass(frozen=True)
class Share:
    """What one request may take: exactly one call, and at most so many tokens and dollars."""

    prompt_bytes: int
    tokens: float
    usd: float


class Purse:
    """What is spent, what is set aside, and what is left. Not thread-safe: the tape holds its lock around every call.

    A request's prompt is not counted in tokens before it is sent, so its share is an estimate from its bytes: at first
    two bytes a token, later the most tokens a byte seen so far and a quarter more. The completion counts in full,
    by `max_tokens`. What a request really took replaces its share when it ends.
    """

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self.calls = 0
        self.tokens = 0
        self.usd = 0.0
        self.longest = 0.0
        """Seconds of the longest request so far."""
        self._aside: list[Share] = []
        self._density = 0.0

    def share(self, prompt_bytes: int, max_tokens: int, price: TokenPrice | None) -> Share:
        """Return what a request may take."""
        density = self._density * MARGIN if self._density else 1 / BYTES_PER_TOKEN
        prompt = prompt_bytes * density
        return Share(prompt_bytes, prompt + max_tokens, price.of(prompt, max_tokens) if price else 0.0)

    def lacks(self, share: Share, elapsed: float) -> str | None:
        """Return the bound that a further request would break, None where it fits; `elapsed` is in seconds."""
        budget = self.budget
        if budget.minutes is not None and elapsed + self.longest > budget.minutes * 60:
            return f"{budget.minutes:g} minutes"
        if budget.calls is not None and self.calls + len(self._aside) + 1 > budget.calls:
            return f"{budget.calls:,} calls"
        if budget.tokens is not None and self.tokens + self._sum("tokens") + share.tokens > budget.tokens:
            return f"{budget.tokens:,} tokens"
        if budget.usd is not None and self.usd + self._sum("usd") + share.usd > budget.usd:
            return f"{budget.usd:g} US dollars"
        return None

    @property
    def waiting_helps(self) -> bool:
        """Whether requests are under way that may turn out smaller than what is set aside for them."""
        return bool(self._aside)

    def set_aside(self, share: Share) -> None:
        """Count a request that is about to be sent."""
        self._aside.append(share)

    def settle(self, share: Share, call: Call | None, price: TokenPrice | None) -> None:
        """Replace a share by what the request took; None where it was never sent."""
        self._aside.remove(share)
        if call is not None:
            self.spend(call, price)
            if call.usage.prompt_tokens and share.prompt_bytes:
                self._density = max(self._density, call.usage.prompt_tokens / share.prompt_bytes)

    def counts(self, call: Call) -> bool:
        """Return whether the budget can hold a request to its bounds: not where it is to count tokens unreported."""
        in_tokens = self.budget.tokens is not None or self.budget.usd is not None
        return not in_tokens or call.usage.total_tokens is not None

    def spend(self, call: Call, price: TokenPrice | None) -> None:
        """Count a request that ended."""
        self.calls += 1
        self.tokens += call.usage.total_tokens or 0
        self.usd += (price.of_usage(call.usage) or 0.0) if price else 0.0
        self.longest = max(self.longest, call.seconds)

    def _sum(self, name: str) -> float:
        return sum(float(getattr(share, name)) for share in self._aside)
