"""One question, what was asked about it, and what came of it."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field, JsonValue

from dspysota.records.base import Record, Usage


class Failure(StrEnum):
    """Why a case did not earn full marks. The first class that fits is taken, in this order."""

    SERVER_ERROR = "server error"
    TIMEOUT = "timeout"
    REFUSED = "refused"
    CONTEXT_OVERFLOW = "context overflow"
    PROGRAM_ERROR = "program error"
    TRUNCATED = "truncated"
    UNPARSABLE = "unparsable"
    RETRIEVAL_MISS = "retrieval miss"
    WRONG = "wrong"


ERRORS = frozenset(
    {Failure.SERVER_ERROR, Failure.TIMEOUT, Failure.REFUSED, Failure.CONTEXT_OVERFLOW, Failure.PROGRAM_ERROR}
)
"""The failures in which no answer was obtained at all; the others are answers that did not earn full marks."""


LOST = frozenset({Failure.SERVER_ERROR, Failure.TIMEOUT})
"""The errors after which nobody can say what the model did."""


class Message(Record):
    """One chat turn, as sent; the role "prompt" stands for a plain text that the model was to continue."""

    role: str
    content: str


class Example(Record):
    """One row of a task. `inputs` are the fields its programs read; `extra` is what its metrics need besides `gold`."""

    id: str
    inputs: dict[str, JsonValue]
    gold: str
    extra: dict[str, JsonValue] = Field(default_factory=dict)

    @property
    def question(self) -> str:
        """The question, which every task has among its inputs."""
        return str(self.inputs["question"])


class Call(Record):
    """One request to a model: what was really sent and what really came back.

    `seconds` is wall time from the first attempt to the answer, retries and their pauses included;
    `retry_seconds` is the share of it that failed attempts and pauses took.
    """

    messages: tuple[Message, ...]
    output: str
    usage: Usage
    seconds: float
    finish_reason: str | None = None
    first_token_seconds: float | None = None
    queue_seconds: float | None = None
    attempts: int = 1
    retry_seconds: float = 0.0
    error: str | None = None


class Answer(Record):
    """What a prepared program made of one example, before it is scored.

    `prediction` is None when no answer could be read; `failure` and `error` are set when none was obtained at all.
    `details` holds what the task wants to see besides the answer, such as retrieved titles.
    """

    prediction: str | None
    calls: tuple[Call, ...] = ()
    details: dict[str, JsonValue] = Field(default_factory=dict)
    failure: Failure | None = None
    error: str | None = None
    taken: int | None = Field(default=None, ge=0)
    """Place in `calls` of the one whose output was taken; None: the last one."""


class Case(Record):
    """One example answered by one prepared program.

    `prediction` is None when no answer could be read from the model's output. `scores` holds every metric of the task;
    a case with an error has all of them at 0.0. `failure` is None exactly when the primary score is 1.0.
    `error` is set exactly when `failure` is in `ERRORS`.
    """

    case_id: str
    question: str
    gold: str
    prediction: str | None
    scores: dict[str, float]
    failure: Failure | None = None
    error: str | None = None
    calls: tuple[Call, ...] = ()
    seconds: float
    details: dict[str, JsonValue] = Field(default_factory=dict)

    @property
    def usage(self) -> Usage:
        """Tokens of all calls."""
        total = Usage()
        for call in self.calls:
            total = total + call.usage
        return total

    @property
    def spent(self) -> Usage | None:
        """The same; None where a server failed, or time ran out, over a call: what it spent on that is not known.

        A request that was refused, or was too long, was turned down before the model began.
        """
        lost = any(call.error is not None and not call.usage.total_tokens for call in self.calls)
        if self.failure in LOST and (lost or not self.calls):
            return None
        return self.usage

    @property
    def first_token_seconds(self) -> float | None:
        """Time to the first token of the first call, where the server reports it."""
        return self.calls[0].first_token_seconds if self.calls else None

    @property
    def finish_reason(self) -> str | None:
        """Why the last call stopped: `stop`, `length`, …"""
        return self.calls[-1].finish_reason if self.calls else None
