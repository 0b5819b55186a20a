"""Turns a prepared program into the function that the evaluation loop calls."""

from collections.abc import Callable
from typing import Any

import dspy
from dspy.utils.exceptions import AdapterParseError, ContextWindowExceededError, LMError, LMTimeoutError
from pydantic import JsonValue

from dspysota.errors import ConfigError
from dspysota.programs.calls import Recording, recording
from dspysota.programs.completion import CompletionAdapter
from dspysota.programs.plain import PlainAdapter
from dspysota.programs.reply import WireError
from dspysota.programs.structured import StructuredAdapter
from dspysota.records import Answer, Example, Failure

_ADAPTERS: dict[str, Callable[[], Any]] = {
    "plain": PlainAdapter,
    "chat": dspy.ChatAdapter,  # with its second call, through JSON, when the first output cannot be read
    "json": dspy.JSONAdapter,  # asks in words: DSPy sends no response format to a model that it does not know
    # Without its second call, which would be answered in JSON: that is another format, with a name of its own.
    "xml": lambda: dspy.XMLAdapter(use_json_adapter_fallback=False),
    "completion": CompletionAdapter,
    "structured": StructuredAdapter,
}


def make_adapter(name: str) -> Any:
    """Return an adapter by name. Raises ConfigError naming the valid ones."""
    if name not in _ADAPTERS:
        raise ConfigError(f"There is no adapter {name!r}; there are {', '.join(_ADAPTERS)}.")
    return _ADAPTERS[name]()


def make_solver(module: dspy.Module, lm: Any, adapter_name: str) -> Callable[[Example], Answer]:
    """Return a function that answers one example, safe to call from many threads.

    It never raises for what a model or a server does: failures come back as an Answer with their class, and the calls
    made before a failure are kept. An output that cannot be read is an answer without a prediction, not an error.
    """
    adapter = make_adapter(adapter_name)
    # DSPy's default trace is one list for the whole process, and its history keeps every prompt: both off.
    settings = {"lm": lm, "adapter": adapter, "disable_history": True, "trace": None}

    def solve(example: Example) -> Answer:
        with recording() as calls, dspy.context(**settings):
            try:
                prediction = module(**example.inputs)
            except AdapterParseError:
                return Answer(prediction=None, calls=tuple(calls), details=calls.notes)
            except Exception as error:  # noqa: BLE001  a failed case is data, not a crash
                return Answer(
                    prediction=None,
                    calls=tuple(calls),
                    details=calls.notes,
                    failure=failure_of(error),
                    error=said(error),
                )
            return _answer(prediction, calls)

    return solve


def _answer(prediction: Any, calls: Recording) -> Answer:
    details: dict[str, JsonValue] = {**dict(prediction.get("details") or {}), **calls.notes}
    answer = prediction.get("answer")
    text = None if answer is None else str(answer)
    return Answer(prediction=text or None, calls=tuple(calls), details=details, taken=calls.taken)


def failure_of(error: BaseException) -> Failure:
    """Return the failure class of what a program raised: that of the wire where it was the cause."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, WireError):
            return cause.failure
        cause = cause.__cause__
    if isinstance(error, ContextWindowExceededError):
        return Failure.CONTEXT_OVERFLOW
    if isinstance(error, LMTimeoutError):
        return Failure.TIMEOUT
    return Failure.SERVER_ERROR if isinstance(error, LMError) else Failure.PROGRAM_ERROR


def said(error: BaseException) -> str:
    """Return one bounded line on an exception: the wire's own words, or the type and its message."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, WireError):
            return str(cause)
        cause = cause.__cause__
    return f"{type(error).__name__}: {error}"[:500]
