"""The latency and the throughput of one run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dspysota.latency.quantiles import Spread
from dspysota.records import Run


@dataclass(frozen=True)
class Latency:
    """What a client of the server saw while `at_once` questions were asked at any time. All times are seconds.

    Warm-up is not in it. Retries and their pauses are, as are questions that got no answer.
    """

    at_once: int
    question: Spread | None
    """From asking a question to its answer, all calls and what the program does between them; None without cases."""
    call: Spread | None
    """From sending a request to its answer."""
    first_token: Spread | None
    """From sending a question's first request to its first token; None where the server does not tell."""
    queue: Spread | None
    """Of each call, waiting in the server to be scheduled; None where the server does not tell."""
    questions_per_second: float | None
    completion_tokens_per_second: float | None
    hit_rate: float | None
    """Share of prompt tokens that came from the server's prefix cache, in [0, 1]."""
    hit_rate_by: Literal["server", "answers"] | None
    """Who says so: the server's counters, or else the answers that tell it."""

    @property
    def first_token_told(self) -> bool:
        """Whether every question whose first request was answered has a time to the first token."""
        return self.first_token is not None and self.first_token.n == self.first_token.of


def of_run(run: Run) -> Latency:
    """All figures of a run; each is None where there is nothing to tell it from, never 0."""
    calls = [call for case in run.cases for call in case.calls]
    # Second answers took of the same time.
    wall, tokens = run.info.wall_seconds, (run.usage + run.again_usage).completion_tokens
    rate, by = _hit_rate(run)
    return Latency(
        at_once=run.info.concurrency,
        question=Spread.over([case.seconds for case in run.cases]),
        call=Spread.over([call.seconds for call in calls]),
        first_token=Spread.over(
            [case.first_token_seconds for case in run.cases if case.calls and case.calls[0].error is None]
        ),
        queue=Spread.over([call.queue_seconds for call in calls if call.error is None]),
        questions_per_second=(len(run.cases) + len(run.again)) / wall if run.cases and wall > 0 else None,
        completion_tokens_per_second=tokens / wall if run.cases and tokens is not None and wall > 0 else None,
        hit_rate=rate,
        hit_rate_by=by,
    )


def _hit_rate(run: Run) -> tuple[float | None, Literal["server", "answers"] | None]:
    if run.info.server is not None and run.info.server.hit_rate is not None:
        return run.info.server.hit_rate, "server"
    told = [
        (call.usage.cached_tokens, call.usage.prompt_tokens)
        for case in run.cases
        for call in case.calls
        if call.usage.cached_tokens is not None and call.usage.prompt_tokens
    ]
    if not told:
        return None, None
    return sum(cached for cached, _ in told) / sum(prompt for _, prompt in told), "answers"
