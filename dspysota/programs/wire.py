"""One request to an OpenAI-compatible endpoint: pooled connections, bounded retries, typed failures.

Knows no DSPy. Everything that arrives is hostile: sizes are bounded here, types are checked where it is read.
"""

import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import urllib3

from dspysota.errors import ConfigError
from dspysota.profiles.values import check_at_once
from dspysota.programs.calls import record
from dspysota.programs.reply import Reply, WireError, read_reply
from dspysota.records import Call, Failure, Message, Usage
from dspysota.untrusted import Unbounded, read_within, visible

MAX_BODY = 32 * 1024 * 1024
"""Bytes of a response that are read at most; a chat answer of 100,000 tokens is below 1 MB."""

MAX_PAUSE = 60.0
"""Seconds that a Retry-After is honoured at most."""

Prompt = Sequence[Mapping[str, str]] | str
"""A chat's messages, which go to /chat/completions, or a text to be continued, which goes to /completions."""

_CONTEXT = re.compile(
    r"context[ _](?:length|size|window)|maximum (?:model|context) length|exceed_context|prompt is too long", re.I
)
_REFUSED = re.compile(r"content_filter|content management policy|content_policy", re.I)
_TRANSIENT = (
    urllib3.exceptions.NewConnectionError,
    urllib3.exceptions.ConnectTimeoutError,
    urllib3.exceptions.ProtocolError,
    urllib3.exceptions.SSLError,
)


@dataclass(frozen=True)
class Wire:
    """An endpoint. `base_url` ends in /v1; `timeout` is seconds per attempt; `retries` are further attempts.

    Connection errors, 429 and 5xx are tried again, after the server's Retry-After or after 0.5, 1, 2, … seconds. An
    attempt that ran into the timeout is not: the server may still be working on it. Safe to use from many threads.
    """

    base_url: str
    api_key: str | None = field(default=None, repr=False)
    timeout: float = 600.0
    retries: int = 2
    concurrency: int = 64
    clock: Callable[[], float] = field(default=time.perf_counter, repr=False)
    sleep: Callable[[float], None] = field(default=time.sleep, repr=False)
    _pool: urllib3.HTTPConnectionPool = field(init=False, repr=False, compare=False)
    _root: str = field(init=False, repr=False, compare=False)
    _headers: dict[str, str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        url = urllib3.util.parse_url(self.base_url)
        if url.scheme not in {"http", "https"} or not url.host:
            raise ConfigError(f"{self.base_url!r} is no endpoint URL: give one such as 'http://127.0.0.1:8000/v1'.")
        # urllib3 makes room for all connections at once: for a million of them it takes seconds, and then memory.
        check_at_once(self.concurrency)
        headers = {"Content-Type": "application/json", "Accept": "application/json", "User-Agent": "dspysota"}
        if self.api_key:
            headers["Authorization"] = f"Bearer {self.api_key}"
        # The pool itself and not its manager, which would parse the URL again for every question.
        pool = urllib3.PoolManager(maxsize=self.concurrency).connection_from_url(self.base_url)
        object.__setattr__(self, "_pool", pool)
        object.__setattr__(self, "_root", (url.path or "").rstrip("/"))
        object.__setattr__(self, "_headers", headers)

    def ask(self, prompt: Prompt, settings: Mapping[str, Any]) -> Reply:
        """Send a chat or a text, record the call, and return the reply; a text is recorded as one turn of a "prompt".

        Raises WireError when no attempt brought an answer, or when the model refused; the call is recorded either way.
        """
        chat = not isinstance(prompt, str)
        path = "/chat/completions" if chat else "/completions"
        body = json.dumps({**settings, "messages" if chat else "prompt": prompt}).encode()
        messages = as_messages(prompt)
        started = self.clock()
        attempt = 1
        while True:
            sent = self.clock()
            try:
                reply = self._safe(read_reply(self.post(path, body)))
            except WireError as error:
                if not error.transient or attempt > self.retries:
                    record(self._call(messages, attempt, started, sent, error=str(error)))
                    raise
                self.sleep(error.pause if error.pause is not None else 0.5 * 2 ** (attempt - 1))
                attempt += 1
                continue
            record(self._call(messages, attempt, started, sent, reply=reply))
            if reply.refusal is not None:
                raise WireError(Failure.REFUSED, reply.refusal)
            return reply

    def _call(
        self,
        messages: tuple[Message, ...],
        attempt: int,
        started: float,
        sent: float,
        *,
        reply: Reply | None = None,
        error: str | None = None,
    ) -> Call:
        """Make the record. Time to the first token counts from the first attempt, as the client's clock does."""
        waited = sent - started
        first = reply.first_token_seconds if reply else None
        return Call(
            messages=messages,
            output=reply.output if reply else "",
            usage=reply.usage if reply else Usage(),
            seconds=self.clock() - started,
            finish_reason=reply.finish_reason if reply else None,
            first_token_seconds=None if first is None else waited + first,
            queue_seconds=reply.queue_seconds if reply else None,
            attempts=attempt,
            retry_seconds=waited if attempt > 1 else 0.0,
            error=error or (reply.refusal if reply else None),
        )

    def post(self, path: str, body: bytes) -> bytes:
        """Send one request to a path below /v1, once, unrecorded, and return the answer's body. Raises WireError."""
        deadline = self.clock() + self.timeout
        try:
            response = self._pool.urlopen(
                "POST",
                self._root + path,
                body=body,
                headers=self._headers,
                retries=False,
                redirect=False,
                timeout=urllib3.Timeout(connect=min(10.0, self.timeout), read=self.timeout),
                preload_content=False,
            )
            data = self._read(response, deadline)
        except _TRANSIENT as error:
            # The loop knows by these first two words that the server is gone, and not that it refused one question.
            raise WireError(Failure.SERVER_ERROR, f"No connection: {self._shown(error)}", transient=True) from error
        except urllib3.exceptions.TimeoutError as error:
            raise WireError(Failure.TIMEOUT, f"No answer within {self.timeout:g} s.") from error
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise WireError(Failure.SERVER_ERROR, self._shown(error)) from error
        if response.status != 200:
            raise self._refusal(response, data)
        return data

    def _read(self, response: urllib3.BaseHTTPResponse, deadline: float) -> bytes:
        """Read the body within its bounds."""
        try:
            return read_within(response, MAX_BODY, lambda: self.clock() > deadline)
        except _TRANSIENT as error:
            # There was a connection, and a server that had begun to answer: it is not gone.
            text = f"The answer was cut off: {self._shown(error)}"
            raise WireError(Failure.SERVER_ERROR, text, transient=True) from error
        except Unbounded as error:
            if error.late:
                raise WireError(Failure.TIMEOUT, f"No whole answer within {self.timeout:g} s.") from error
            raise WireError(Failure.SERVER_ERROR, f"Answer beyond {MAX_BODY} bytes.") from error

    def _refusal(self, response: urllib3.BaseHTTPResponse, data: bytes) -> WireError:
        """Say what a status other than 200 means."""
        text = self._shown(f"HTTP {response.status}: {data.decode('utf-8', 'replace')}")
        status = response.status
        if status in {400, 413, 422} and _CONTEXT.search(text):
            return WireError(Failure.CONTEXT_OVERFLOW, text, status=status)
        if status in {400, 403} and _REFUSED.search(text):
            return WireError(Failure.REFUSED, text, status=status)
        if status in {408, 504}:
            return WireError(Failure.TIMEOUT, text, status=status)
        pause = _pause(response.headers.get("Retry-After"))
        return WireError(
            Failure.SERVER_ERROR, text, status=status, pause=pause, transient=status == 429 or status >= 500
        )

    def _safe(self, reply: Reply) -> Reply:
        """Return the reply; its refusal is the server's text, which may quote the key as any other."""
        return reply if reply.refusal is None else replace(reply, refusal=self._shown(reply.refusal))

    def _shown(self, text: object) -> str:
        """Shorten what the other side said, make all of it visible, and take the key out, should it quote one."""
        shown = str(text)
        if self.api_key:
            shown = shown.replace(self.api_key, "***")
        return visible(shown if len(shown) <= 500 else shown[:500] + "…")


def as_messages(prompt: Prompt) -> tuple[Message, ...]:
    """Return a prompt as it is recorded: a text is one turn of a "prompt"."""
    if isinstance(prompt, str):
        return (Message(role="prompt", content=prompt),)
    return tuple(Message(role=m["role"], content=m["content"]) for m in prompt)


def _pause(header: str | None) -> float | None:
    """Return the seconds of a Retry-After header; its rare date form counts as absent."""
    try:
        seconds = float(header) if header is not None else -1.0
    except ValueError:
        return None
    return min(seconds, MAX_PAUSE) if seconds >= 0 else None
