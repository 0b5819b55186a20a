"""What the fake server does with each request; runs on one event loop, read from other threads."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from dspysota.testing import chat, embeddings
from dspysota.testing.counts import Counts
from dspysota.testing.faults import Fault, Faults, FaultScript
from dspysota.testing.http import Exchange

Answers = Callable[[list[dict[str, str]]], str] | Mapping[str, str] | str
"""The text for a conversation: a function of its messages, a mapping from a piece of the last message (the longest
matching key wins), or one text for everything."""


Ability = Literal["chat_template", "completions", "structured_outputs", "usage", "metrics"]
"""What a real server may lack: a model that chats, /v1/completions, constrained outputs, counts of tokens, and its own
counters at /metrics."""


@dataclass(frozen=True)
class Request:
    """One request for an answer, as it arrived. `number` counts from 0; `question` is the text of the last message.

    A text sent to /v1/completions is one message of the role "prompt".
    """

    number: int
    question: str
    messages: tuple[dict[str, str], ...]
    body: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True)
class Settings:
    """How the fake behaves. `seconds` is the time each answer takes; `record` keeps every request for assertions."""

    answers: Answers
    name: str = "fake"
    seconds: float = 0.0
    api_key: str | None = field(default=None, repr=False)
    context_length: int = 32768
    record: bool = True
    lacks: frozenset[Ability] = frozenset()


LOST = frozenset({"hang", "close", "garbage"})
"""Faults after which the server has read a prompt, and counts it, and the client learns nothing of it."""


class App:
    """Routes requests and keeps count. `changed` guards all counts and is notified at every change."""

    def __init__(self, settings: Settings, faults: Faults | None, later: Callable[[float, Callable[[], None]], object]):
        self.settings = settings
        self.changed = threading.Condition()
        self.requests: list[Request] = []
        self.embedded: list[str] = []
        self.arrived = 0
        self.in_flight = 0
        self.peak = 0
        self.counts = Counts()
        self.held = False
        self._waiting: deque[Callable[[], None]] = deque()
        self._script = FaultScript(faults)
        self._later = later

    def handle(self, exchange: Exchange) -> None:
        """Answers one request, now or later."""
        path = exchange.path.split("?", 1)[0]
        if path == "/health":
            exchange.send(200, b"")
        elif path == "/metrics" and "metrics" not in self.settings.lacks:
            page = self.counts.page(self.settings.name, self.in_flight)
            exchange.send(200, page, content_type="text/plain; version=0.0.4; charset=utf-8")
        elif path == "/reset_prefix_cache":
            exchange.send(200, b"")
        elif path.startswith("/v1/"):
            self._openai(exchange, path)
        else:
            exchange.send(404, chat.error("Not Found", "NotFoundError", 404))

    def release(self) -> None:
        """Answers everything held back; must run on the event loop."""
        while self._waiting:
            self._waiting.popleft()()

    def _openai(self, exchange: Exchange, path: str) -> None:
        key = self.settings.api_key
        if key is not None and exchange.header("authorization") != f"Bearer {key}":
            exchange.send(401, chat.encode({"error": "Unauthorized"}))
        elif path == "/v1/models":
            card = {"id": self.settings.name, "object": "model", "max_model_len": self.settings.context_length}
            exchange.send(200, chat.encode({"object": "list", "data": [card]}))
        elif path in self._paths() and exchange.method == "POST":
            self._generate(exchange)
        elif path == "/v1/embeddings" and exchange.method == "POST":
            self._embed(exchange)
        else:
            exchange.send(404, chat.error("Not Found", "NotFoundError", 404))

    def _paths(self) -> tuple[str, ...]:
        plain = () if "completions" in self.settings.lacks else ("/v1/completions",)
        return ("/v1/chat/completions", *plain)

    def _embed(self, exchange: Exchange) -> None:
        try:
            texts = embeddings.inputs_of(chat.decode(exchange.body))
        except (ValueError, KeyError, TypeError):
            exchange.send(400, chat.error("The body is no embedding request.", "BadRequestError", 400))
            return
        with self.changed:
            self.embedded.extend(texts)
        exchange.send(200, chat.encode(embeddings.embeddings(self.settings.name, texts)))

    def _generate(self, exchange: Exchange) -> None:
        try:
            body = chat.decode(exchange.body)
            messages = chat.messages_of(body)
        except (ValueError, AttributeError, TypeError):
            exchange.send(400, chat.error("The body is not a request for an answer.", "BadRequestError", 400))
            return
        if (lacking := self._lacking(body)) is not None:
            exchange.send(400, chat.error(lacking, "BadRequestError", 400))
            return
        if body.get("model") != self.settings.name:
            text = f"The model `{body.get('model')}` does not exist."
            exchange.send(404, chat.error(text, "NotFoundError", 404, "model"))
            return
        question = messages[-1]["content"] if messages else ""
        number = self._arrive(exchange, Request(0, question, tuple(messages), body))
        fault = self._script.next(number, question)
        arrived = time.perf_counter()

        def reply() -> None:
            if fault is not None and fault.kind in LOST:
                self._count(_prompt_tokens(messages), chat.Generation("", "abort"), seconds=0.0)
            if fault is not None and fault.kind != "truncate":
                self._fail(exchange, fault, messages)
            else:
                self._answer(exchange, number, body, messages, halved=fault is not None, arrived=arrived)

        self._schedule(reply)

    def _lacking(self, body: chat.JSON) -> str | None:
        """Say in a real server's words why it cannot do what is asked; None when it can."""
        if "structured_outputs" in self.settings.lacks and "structured_outputs" in body:
            return "Unrecognized request argument supplied: structured_outputs"
        if "chat_template" in self.settings.lacks and "prompt" not in body:
            return (
                "As of transformers v4.44, default chat template is no longer allowed, so you must provide a chat "
                "template if the tokenizer does not define one."
            )
        return None

    def _schedule(self, reply: Callable[[], None]) -> None:
        if self.held:
            self._waiting.append(reply)
        elif self.settings.seconds > 0:
            self._later(self.settings.seconds, reply)
        else:
            reply()

    def _arrive(self, exchange: Exchange, request: Request) -> int:
        exchange.on_done = self._leave
        with self.changed:
            number = self.arrived
            self.arrived += 1
            self.in_flight += 1
            self.peak = max(self.peak, self.in_flight)
            if self.settings.record:
                self.requests.append(Request(number, request.question, request.messages, request.body))
            self.changed.notify_all()
        return number

    def _leave(self) -> None:
        with self.changed:
            self.in_flight -= 1
            self.changed.notify_all()

    def _fail(self, exchange: Exchange, fault: Fault, messages: list[dict[str, str]]) -> None:
        if fault.kind == "error":
            said = chat.error("scripted failure", "InternalServerError", fault.status)
            exchange.send(fault.status, fault.body.encode() or said)
        elif fault.kind == "busy":
            body = chat.error("scripted: too many requests", "RateLimitError", 429)
            exchange.send(429, body, extra=f"Retry-After: {fault.retry_after:g}\r\n")
        elif fault.kind == "close":
            exchange.close()
        elif fault.kind == "cut":
            exchange.cut(self._empty(messages))
        elif fault.kind == "garbage":
            exchange.send(200, b"<html>not JSON \xff")
        elif fault.kind == "overflow":
            exchange.send(400, chat.overflow(self.settings.context_length, _prompt_tokens(messages)))
        elif fault.kind == "empty":
            exchange.send(200, self._empty(messages))

    def _empty(self, messages: list[dict[str, str]]) -> bytes:
        made, tokens = chat.Generation("", "stop"), _prompt_tokens(messages)
        self._count(tokens, made, seconds=0.0)
        return chat.completion(0, self.settings.name, made, prompt_tokens=tokens, timing=(0.0, 0.0))

    def _answer(
        self,
        exchange: Exchange,
        number: int,
        body: chat.JSON,
        messages: list[dict[str, str]],
        *,
        halved: bool,
        arrived: float,
    ) -> None:
        prompt_tokens = _prompt_tokens(messages)
        room = self.settings.context_length - prompt_tokens
        if room <= 0:
            exchange.send(400, chat.overflow(self.settings.context_length, prompt_tokens))
            return
        try:
            answer = self._text(messages)
        except LookupError as wrong:
            exchange.send(400, chat.error(str(wrong.args[0]), "BadRequestError", 400))
            return
        except Exception as broken:  # noqa: BLE001  the test's own function failed: say so instead of never answering
            exchange.send(400, chat.error(f"The answers function failed: {broken!r}", "BadRequestError", 400))
            return
        made = chat.halve(answer) if halved else chat.generate(answer, limit=_limit(body, room), stop=_stop(body))
        seconds = time.perf_counter() - arrived
        self._count(prompt_tokens, made, seconds=seconds)
        timing = (0.0, seconds * 1000)
        write = chat.plain_completion if "prompt" in body else chat.completion
        told = None if "usage" in self.settings.lacks else prompt_tokens
        exchange.send(200, write(number, self.settings.name, made, prompt_tokens=told, timing=timing))

    def _count(self, prompt_tokens: int, made: chat.Generation, *, seconds: float) -> None:
        tokens = chat.count(made.text)
        self.counts.prompt(prompt_tokens)
        self.counts.finish(made.finish_reason, tokens, first=seconds / max(tokens, 1), whole=seconds)

    def _text(self, messages: list[dict[str, str]]) -> str:
        answers = self.settings.answers
        if isinstance(answers, str):
            return answers
        if not isinstance(answers, Mapping):
            return answers(messages)
        question = messages[-1]["content"] if messages else ""
        key = max((key for key in answers if key in question), key=len, default=None)
        if key is None:
            raise LookupError(f"FakeServer has no answer for {question!r}; it has: {', '.join(map(repr, answers))}.")
        return answers[key]


def _prompt_tokens(messages: list[dict[str, str]]) -> int:
    return sum(chat.count(message["content"]) for message in messages)


def _limit(body: chat.JSON, room: int) -> int:
    asked = body.get("max_completion_tokens") or body.get("max_tokens") or room
    return min(int(asked), room)


def _stop(body: chat.JSON) -> list[str]:
    stop = body.get("stop") or []
    return [stop] if isinstance(stop, str) else list(stop)
