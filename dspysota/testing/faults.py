"""What can go wrong on a model server, as values that a test scripts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Kind = Literal["error", "busy", "hang", "close", "cut", "garbage", "truncate", "overflow", "empty"]


@dataclass(frozen=True)
class Fault:
    """One answer that goes wrong.

    error     HTTP `status` (500 unless told) with an OpenAI-style error body, or with `body` as it is
    busy      HTTP 429 with `Retry-After: retry_after` (seconds)
    hang      no answer until the client gives up or the server stops
    close     the connection is closed without an answer
    cut       the connection is closed in the middle of the answer
    garbage   HTTP 200 with a body that is not JSON
    truncate  the first half of the answer's words, `finish_reason` "length"
    overflow  HTTP 400 in vLLM's words for a prompt longer than the context
    empty     a correct reply whose text is ""
    """

    kind: Kind
    status: int = 500
    retry_after: float = 0.0
    body: str = ""


Script = Fault | Sequence[Fault]
Faults = Mapping[int | str, Script] | Callable[[int, str], Fault | None]
"""Which requests go wrong: by their number (0 is the first chat request), by a piece of their question, or a function
of both. A single fault for a question strikes every time; a sequence strikes once each, then the question is well."""


class FaultScript:
    """Looks up the fault of each request, and remembers how often each question was struck."""

    def __init__(self, faults: Faults | None) -> None:
        self._faults = faults if faults is not None else {}
        self._struck: dict[str, int] = {}

    def next(self, number: int, question: str) -> Fault | None:
        """Fault of chat request `number` (0 is the first), which asks `question`; None when it is healthy."""
        if not isinstance(self._faults, Mapping):
            return self._faults(number, question)
        for key, script in self._faults.items():
            if isinstance(key, str):
                if key in question:
                    return self._of_question(key, script)
            elif key == number:
                return script if isinstance(script, Fault) else script[0]
        return None

    def _of_question(self, key: str, script: Script) -> Fault | None:
        if isinstance(script, Fault):
            return script
        struck = self._struck.get(key, 0)
        self._struck[key] = struck + 1
        return script[struck] if struck < len(script) else None
