"""What an OpenAI-compatible server answers, read into a value. Everything that arrives is hostile until it is read."""

import json
from dataclasses import dataclass
from typing import Any

from dspysota.records import Failure, Usage

NO_TEMPLATE = "The model has no chat template"
"""How the error of a chat with a base model begins."""


class WireError(Exception):
    """A request that brought no answer. `failure` is its class; `transient` ones may be sent again."""

    def __init__(
        self,
        failure: Failure,
        message: str,
        *,
        status: int | None = None,
        pause: float | None = None,
        transient: bool = False,
    ) -> None:
        super().__init__(message)
        self.failure = failure
        self.status = status
        self.pause = pause
        self.transient = transient


@dataclass(frozen=True)
class Reply:
    """What one successful attempt brought back. Times are seconds, None where the server does not report them."""

    output: str
    usage: Usage
    finish_reason: str | None
    first_token_seconds: float | None
    queue_seconds: float | None
    refusal: str | None = None


def read_reply(data: bytes) -> Reply:
    """Read a chat completion, or a plain one, whose text is that of a chat's message. Raises WireError when it is none.

    vLLM's `time_to_first_token_ms` runs from scheduling to the first token and leaves out the queue, which it reports
    apart as `queue_time_ms`; the sum is what a client sees, but for tokenizing and the way there and back.

    >>> read_reply(b'{"choices": [{"message": {"content": "4"}, "finish_reason": "stop"}]}').output
    '4'
    >>> read_reply(b'{"choices": [{"text": " 4", "finish_reason": "stop"}]}').output
    ' 4'
    """
    try:
        answer = json.loads(data)
        choice = answer["choices"][0]
        message = {"content": choice["text"]} if "text" in choice else choice["message"]
        content, refusal, finish = message.get("content"), message.get("refusal"), choice.get("finish_reason")
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError) as error:
        raise WireError(Failure.SERVER_ERROR, "The server's answer is not a completion.") from error
    output = _text(content) if isinstance(content, str) else ""
    metrics = answer.get("metrics")
    first, queue = _seconds(metrics, "time_to_first_token_ms"), _seconds(metrics, "queue_time_ms")
    filtered = "The server's content filter stopped the answer." if finish == "content_filter" else None
    return Reply(
        output=output,
        usage=_usage(answer.get("usage"), output),
        finish_reason=_text(finish) if isinstance(finish, str) else None,
        first_token_seconds=None if first is None else first + (queue or 0.0),
        queue_seconds=queue,
        refusal=_text(refusal) if isinstance(refusal, str) and refusal else filtered,
    )


def _usage(value: Any, output: str) -> Usage:
    """Read the counts; None for each that is none. No prompt has 0 tokens, and no text: a server that says so says
    nothing."""
    given = value if isinstance(value, dict) else {}
    details = given.get("prompt_tokens_details")
    completion = _count(given.get("completion_tokens"))
    return Usage(
        prompt_tokens=_count(given.get("prompt_tokens")) or None,
        completion_tokens=None if output and completion == 0 else completion,
        cached_tokens=_count(details.get("cached_tokens")) if isinstance(details, dict) else None,
    )


def _count(value: Any) -> int | None:
    return value if type(value) is int and 0 <= value < 2**53 else None


def _seconds(metrics: Any, key: str) -> float | None:
    value = metrics.get(key) if isinstance(metrics, dict) else None
    return value / 1000 if isinstance(value, int | float) and 0 <= value < 1e12 else None


def _text(value: str) -> str:
    """Replace lone surrogates, which JSON can carry and UTF-8 cannot; every other character stays."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return value
