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
    """Tokens as the server counted them; `cached_tokens` is None where the server does not say."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int | None = None

    def __add__(self, other: Usage) -> Usage:
        known = [u.cached_tokens for u in (self, other) if u.cached_tokens is not None]
        return Usage(
            prompt_tokens=self.prompt_tokens + other.prompt_tokens,
            completion_tokens=self.completion_tokens + other.completion_tokens,
            cached_tokens=sum(known) if known else None,
        )

    @property
    def total_tokens(self) -> int:
        """Prompt plus completion tokens."""
        return self.prompt_tokens + self.completion_tokens
