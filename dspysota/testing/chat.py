"""OpenAI bodies, of chats and of plain completions, as vLLM writes them. A token is a whitespace-separated word."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

try:
    import orjson
except ImportError:  # the fake also works without it, only slower
    orjson = None  # type: ignore[assignment]

JSON = Mapping[str, Any]


def encode(value: object) -> bytes:
    """JSON text of `value`, UTF-8."""
    return json.dumps(value).encode() if orjson is None else orjson.dumps(value)


def decode(body: bytes) -> Any:
    """Value of a JSON text; raises ValueError."""
    return json.loads(body) if orjson is None else orjson.loads(body)


def text_of(content: object) -> str:
    """Text of a message's content, which OpenAI allows to be a string or a list of parts."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "\n".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    return ""


def messages_of(body: JSON) -> list[dict[str, str]]:
    """Messages of a request, contents as plain text; a plain text to be continued is one of the role "prompt"."""
    if "prompt" in body:
        return [{"role": "prompt", "content": text_of(body["prompt"])}]
    return [{"role": str(m.get("role")), "content": text_of(m.get("content"))} for m in body.get("messages", [])]


def count(text: str) -> int:
    """Number of tokens of `text`: its words."""
    return len(text.split())


@dataclass(frozen=True)
class Generation:
    """A text and why it ended: `stop` or `length`."""

    text: str
    finish_reason: str


def generate(answer: str, *, limit: int | None, stop: Sequence[str]) -> Generation:
    """What a server with this answer in mind would send: cut before the first stop string and after `limit` tokens.

    >>> generate("one two three", limit=2, stop=())
    Generation(text='one two', finish_reason='length')
    >>> generate("one two STOP three", limit=None, stop=["STOP"])
    Generation(text='one two ', finish_reason='stop')
    """
    cut = min((at for word in stop if (at := answer.find(word)) >= 0), default=None)
    answer = answer[:cut]
    if limit is not None and count(answer) > limit:
        return Generation(_first_words(answer, limit), "length")
    return Generation(answer, "stop")


def halve(answer: str) -> Generation:
    """The first half of the answer's words, as if the token limit had struck."""
    return Generation(_first_words(answer, count(answer) // 2), "length")


def _first_words(text: str, n: int) -> str:
    if n <= 0:
        return ""
    rest = text.split(None, n)
    return text if len(rest) <= n else text[: len(text) - len(rest[n])].rstrip()


def completion(
    number: int, name: str, made: Generation, *, prompt_tokens: int | None, timing: tuple[float, float]
) -> bytes:
    """Body of a chat completion; `timing` is (milliseconds in the queue, milliseconds of generation).

    With `prompt_tokens` None it says nothing of tokens.
    """
    message = {"message": {"role": "assistant", "content": made.text}}
    head = {"id": f"chatcmpl-{number}", "object": "chat.completion", "model": name}
    return _body(head, message, made, prompt_tokens, timing)


def plain_completion(
    number: int, name: str, made: Generation, *, prompt_tokens: int | None, timing: tuple[float, float]
) -> bytes:
    """Body of the continuation of a plain text; arguments as for `completion`."""
    head = {"id": f"cmpl-{number}", "object": "text_completion", "model": name}
    return _body(head, {"text": made.text}, made, prompt_tokens, timing)


def _body(head: JSON, said: JSON, made: Generation, prompt_tokens: int | None, timing: tuple[float, float]) -> bytes:
    tokens = count(made.text)
    usage = {
        "prompt_tokens": prompt_tokens,
        "completion_tokens": tokens,
        "total_tokens": (prompt_tokens or 0) + tokens,
        "prompt_tokens_details": {"cached_tokens": 0},
    }
    return encode(
        {
            **head,
            "created": 0,
            "choices": [{"index": 0, **said, "logprobs": None, "finish_reason": made.finish_reason}],
            "usage": usage if prompt_tokens is not None else None,
            "metrics": {
                "time_to_first_token_ms": timing[1] / max(tokens, 1),
                "generation_time_ms": timing[1],
                "queue_time_ms": timing[0],
            },
        }
    )


def error(message: str, kind: str, code: int, param: str | None = None) -> bytes:
    """Body of an error."""
    return encode({"error": {"message": message, "type": kind, "param": param, "code": code}})


def overflow(context_length: int, prompt_tokens: int) -> bytes:
    """Body of the refusal of a prompt that is longer than the context, in the words of vLLM 0.32."""
    return error(
        f"This model's maximum context length is {context_length} tokens. However, your prompt contains "
        f"{prompt_tokens} input tokens, which exceeds this limit even without any output tokens. "
        "Please reduce the length of the input prompt.",
        "BadRequestError",
        400,
        "input_tokens",
    )
