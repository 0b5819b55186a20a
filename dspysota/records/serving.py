"""What a model server counted by itself while a run was measured."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, ValidationError

from dspysota.records.base import Record


class Timed(Record):
    """The sum and the count of one of the server's histograms of seconds."""

    seconds: float = Field(ge=0, allow_inf_nan=False)
    count: int = Field(ge=0)

    @property
    def mean(self) -> float | None:
        """Seconds a request, on average; None where none was counted."""
        return self.seconds / self.count if self.count else None


class ServerCounts(Record):
    """A vLLM server's own counters, summed over its engines: what it did, whoever asked, tried again or gave up.

    Each is None where the server has no such counter. Names in vLLM 0.32: `vllm:prompt_tokens_total` and so on
    (`vllm/v1/metrics/loggers.py`).
    """

    prompt_tokens: int = Field(ge=0)
    """Of all prompts that were read, cached ones included."""
    generation_tokens: int = Field(ge=0)
    finished: dict[str, Annotated[int, Field(ge=0)]] = Field(default_factory=dict)
    """Requests that ended, by reason: `stop`, `length`, `abort` (the client went away), …; those of 0 left out."""
    preemptions: int | None = Field(default=None, ge=0)
    """How often a request lost its place in memory and was computed again."""
    cache_queries: int | None = Field(default=None, ge=0)
    """Prompt tokens that were looked up in the prefix cache."""
    cache_hits: int | None = Field(default=None, ge=0)
    """Of these, the tokens that were found there."""
    queue: Timed | None = None
    """From a request's arrival in the engine to its first scheduling."""
    prefill: Timed | None = None
    """From its first scheduling to its first token."""
    decode: Timed | None = None
    """From its first token to its last one."""
    first_token: Timed | None = None
    """From its arrival at the server to its first token, queue and tokenizing included."""

    @property
    def requests(self) -> int:
        """Requests that ended, for whatever reason."""
        return sum(self.finished.values())

    @property
    def hit_rate(self) -> float | None:
        """Share of looked-up prompt tokens that were in the prefix cache, in [0, 1]; None where none was looked up."""
        return self.cache_hits / self.cache_queries if self.cache_queries and self.cache_hits is not None else None

    def since(self, earlier: ServerCounts) -> ServerCounts | None:
        """What was counted after `earlier`; None where a counter went back, as in a server that was started anew."""
        reasons = sorted({*self.finished, *earlier.finished})
        ended = {reason: self.finished.get(reason, 0) - earlier.finished.get(reason, 0) for reason in reasons}
        values: dict[str, object] = {"finished": {reason: n for reason, n in ended.items() if n}}
        for name in ("prompt_tokens", "generation_tokens", "preemptions", "cache_queries", "cache_hits"):
            now, then = getattr(self, name), getattr(earlier, name)
            values[name] = None if now is None or then is None else now - then
        for name in ("queue", "prefill", "decode", "first_token"):
            now, then = getattr(self, name), getattr(earlier, name)
            known = now is not None and then is not None
            values[name] = {"seconds": now.seconds - then.seconds, "count": now.count - then.count} if known else None
        try:
            return ServerCounts.model_validate(values)
        except ValidationError:
            return None
