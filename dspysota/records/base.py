"""What all records have in common, and the two values that most of them hold."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

SCHEMA = 1
"""Version of the stored format; a reader refuses a newer one."""

Provenance = Literal["measured", "replayed", "published"]


class Record(BaseModel):
    """Base of all records: frozen, keyword-only, unknown fields refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="strings")


class Usage(Record):
    """Tokens as the server counted them; each is None where the server does not say.

    What is unknown is never 0, and neither is a sum with an unknown part. A request that brought no answer took
    nothing that is known of: it counts 0. Of `cached_tokens`, which are prompt tokens too, what was said is summed.
    """

    prompt_tokens: int | None = 0
    completion_tokens: int | None = 0
    cached_tokens: int | None = None

    def __add__(self, other: Usage) -> Usage:
        known = [u.cached_tokens for u in (self, other) if u.cached_tokens is not None]
        return Usage(
            prompt_tokens=_sum(self.prompt_tokens, other.prompt_tokens),
            completion_tokens=_sum(self.completion_tokens, other.completion_tokens),
            cached_tokens=sum(known) if known else None,
        )

    @property
    def total_tokens(self) -> int | None:
        """Prompt plus completion tokens; None where either is unknown."""
        return _sum(self.prompt_tokens, self.completion_tokens)


def _sum(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else one + other
