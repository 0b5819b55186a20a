"""A model whose answers come by way of a tape."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from dspy import lm15

from dspysota.compiling.entries import Sent, Weight
from dspysota.compiling.tape import Tape
from dspysota.programs.calls import record, recording
from dspysota.programs.lm import as_response
from dspysota.programs.solver import failure_of


class TapedEngine:
    """DSPy's engine contract, kept by another engine and a tape that stands before it."""

    def __init__(self, engine: Any, tape: Tape, model: str, phase: Callable[[], str]) -> None:
        self._engine = engine
        self._tape = tape
        self._model = model
        self._phase = phase

    def __deepcopy__(self, memo: object) -> TapedEngine:
        """Return itself: a copied program asks through the same tape."""
        return self

    def complete(self, request: lm15.Request) -> lm15.Response:
        """Answer from the tape, or else by the engine. Raises its errors, and BudgetSpentError."""
        responses: list[lm15.Response] = []
        errors: list[Exception] = []

        def send() -> Sent:
            with recording() as calls:
                try:
                    responses.append(self._engine.complete(request))
                except Exception as error:
                    if not calls:
                        raise
                    errors.append(error)
            return Sent(calls[-1], failure_of(errors[0]) if errors else None)

        call, sent = self._tape.ask(self._key(request), _weight(request), self._phase(), self._model, send)
        record(call)
        if errors:
            raise errors[0]
        return responses[0] if sent else as_response(request, call.output, call.usage, call.finish_reason)

    def _key(self, request: lm15.Request) -> str:
        """Return the digest of the model's name and of all that is sent; an address may be another the next time."""
        return hashlib.sha256(f"{self._model}\n{request!r}".encode("utf-8", "surrogatepass")).hexdigest()


def taped(lm: Any, tape: Tape, model: str, phase: Callable[[], str], *, proposes: bool = False) -> Any:
    """Return a copy of a SeededLM that asks by way of the tape; `proposes` marks one that writes instructions."""
    other = lm.copy(engine=TapedEngine(lm.door, tape, model, phase))
    other.proposes = proposes
    return other


def _weight(request: lm15.Request) -> Weight:
    texts = [request.system or "", *(message.parts for message in request.messages)]
    size = sum(len(str(text).encode("utf-8", "surrogatepass")) for text in texts)
    return Weight(prompt_bytes=size, max_tokens=int(request.config.max_tokens or 0))
