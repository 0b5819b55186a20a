"""From an answer and its scores to the one reason why it did not earn full marks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import JsonValue
from pydantic_core import PydanticSerializationError

from dspysota.records import ERRORS, Answer, Call, Case, Example, Failure

Score = Callable[[Example, str | None, str, dict[str, JsonValue]], dict[str, float]]
"""All metrics, in [0, 1], of an example, its prediction (None: none could be read), the text of the deciding call, and
the answer's details."""

Complete = Callable[[Example, dict[str, JsonValue]], bool | None]
"""Whether the answer's details hold all that was to be retrieved; None where nothing was."""


def classify(answer: Answer, scores: Mapping[str, float], primary: str, complete: bool | None) -> Failure | None:
    """The first class that fits, in the order of `Failure`; None exactly when the primary score is 1.0.

    An answer that was not obtained at all keeps the class its program gave it, whatever the scores. `complete` is
    False when a supporting paragraph was not retrieved, None where there is nothing to retrieve.

    >>> classify(Answer(prediction="4"), {"exact_match": 1.0}, "exact_match", None) is None
    True
    >>> classify(Answer(prediction=None), {"exact_match": 0.0}, "exact_match", None)
    <Failure.UNPARSABLE: 'unparsable'>
    """
    if answer.failure in ERRORS:
        return answer.failure
    if answer.error is not None:
        return Failure.PROGRAM_ERROR
    if scores[primary] >= 1.0:
        return None
    if (call := _deciding(answer)) is not None and call.finish_reason == "length":
        return Failure.TRUNCATED
    if answer.prediction is None:
        return Failure.UNPARSABLE
    return Failure.RETRIEVAL_MISS if complete is False else Failure.WRONG


def judge(example: Example, answer: Answer, seconds: float, *, score: Score, primary: str, complete: Complete) -> Case:
    """The case of an answer that took `seconds`; an error scores 0.0 on every metric and keeps its message."""
    call = _deciding(answer)
    scores = score(example, answer.prediction, call.output if call is not None else "", answer.details)
    failure = classify(answer, scores, primary, complete(example, answer.details))
    failed = failure in ERRORS
    case = Case(
        case_id=example.id,
        question=example.question,
        gold=example.gold,
        prediction=None if failed else answer.prediction,
        scores=dict.fromkeys(scores, 0.0) if failed else scores,
        failure=failure,
        error=(answer.error or str(failure)) if failed else None,
        calls=answer.calls,
        seconds=seconds,
        details=answer.details,
    )
    return storable(case)


def _deciding(answer: Answer) -> Call | None:
    """The call whose output was taken: the last one, unless the program took another of several samples."""
    if not answer.calls:
        return None
    return answer.calls[-1 if answer.taken is None else answer.taken]


def storable(case: Case) -> Case:
    """The same case with every lone surrogate replaced by U+FFFD.

    A model's output may hold half a UTF-16 pair, which no file, report or browser takes.
    """
    try:
        case.model_dump_json()
    except PydanticSerializationError:
        return Case.model_validate(_clean(case.model_dump()))
    return case


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        # By way of UTF-16, where two halves that belong together become the character they are.
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {_clean(key): _clean(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_clean(item) for item in value]
    return value
