"""The server's count beside ours: every token that it spent on a run is one that an answer told, or it is explained."""

from __future__ import annotations

from dataclasses import dataclass

from dspysota.records import Run, ServerCounts


@dataclass(frozen=True)
class Reconciliation:
    """How much more the server counted than the answers of a run told; None where they did not tell."""

    server: ServerCounts
    prompt: int | None
    generated: int | None
    answers: int
    """Requests of the run that were answered."""
    unanswered: int
    """Attempts that brought no answer: tried again, or given up."""

    @property
    def equal(self) -> bool:
        """Whether prompt and generated tokens are equal, each to the last one."""
        return self.prompt == 0 and self.generated == 0

    @property
    def sentence(self) -> str:
        """What the two counts are to each other, and why, in one or two sentences."""
        counted = f"{self.server.prompt_tokens:,} prompt and {self.server.generation_tokens:,} generated tokens"
        if self.prompt is None or self.generated is None:
            return f"The server counted {counted}; not all of its answers told theirs."
        if self.equal:
            return f"The server's own counters agree with its answers: {counted}."
        apart = f"{_apart(self.prompt)} prompt and {_apart(self.generated)} generated tokens"
        return f"The server counted {counted}: {apart} than its answers told. {self._reason()}"

    def _reason(self) -> str:
        if self.unanswered:
            said = "1 attempt" if self.unanswered == 1 else f"{self.unanswered:,} attempts"
            return f"{said} brought no answer (tried again, or given up), and what it spent on them only it counts."
        if self.server.requests > self.answers:
            return f"It ended {self.server.requests:,} requests where {self.answers:,} are the run's: others asked it."
        return "No request explains it: the server counts otherwise than it tells, as it may with speculative decoding."


def reconcile(run: Run) -> Reconciliation | None:
    """The server's counters beside the usage of the run's cases; None where they were not read."""
    server = run.info.server
    if server is None:
        return None
    calls = [call for case in (*run.cases, *run.again) for call in case.calls]
    answers = sum(call.error is None for call in calls)
    usage = run.usage + run.again_usage
    return Reconciliation(
        server=server,
        prompt=None if usage.prompt_tokens is None else server.prompt_tokens - usage.prompt_tokens,
        generated=None if usage.completion_tokens is None else server.generation_tokens - usage.completion_tokens,
        answers=answers,
        unanswered=sum(call.attempts for call in calls) - answers,
    )


def _apart(difference: int) -> str:
    return f"{abs(difference):,} {'fewer' if difference < 0 else 'more'}"
