"""Rows as DSPy wants them, and the task's metric as every DSPy optimizer calls it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import dspy

from dspysota.errors import MetricError
from dspysota.records import Example

Primary = Callable[[Example, str | None, str], float]
"""The task's primary metric, in [0, 1], of (example, prediction, raw output)."""


def asked(row: Example) -> dspy.Example:
    """Return a row as DSPy's example: its inputs, and the gold answer as `answer`."""
    return dspy.Example(**row.inputs, answer=row.gold).with_inputs(*row.inputs)


def answer_of(prediction: Any) -> str | None:
    """Return the answer of a program's prediction, None where there is none (or nothing was predicted at all)."""
    answer = prediction.get("answer") if hasattr(prediction, "get") else None
    return None if answer is None else str(answer)


class Marks:
    """Scores predictions on the rows it was given, which it finds again by their question.

    The score is the task's primary metric, in [0, 1]. The raw output is not handed on, since optimizers keep none: a
    primary metric has to read the prediction alone. Called with DSPy's `(example, prediction, trace=None, …)`.

    DSPy takes whatever a metric raises for a wrong answer. So a MetricError is told to `on_error`, too.
    """

    def __init__(self, rows: Iterable[Example], primary: Primary, on_error: Callable[[MetricError], None]) -> None:
        self._rows = {row.question: row for row in rows}
        self._primary = primary
        self._on_error = on_error

    def __call__(self, example: Any, prediction: Any, trace: object = None) -> float:
        """Return the score of a prediction; nothing predicted is no answer."""
        try:
            return self._primary(self._rows[example["question"]], answer_of(prediction), "")
        except MetricError as error:
            self._on_error(error)
            raise

    def feedback(
        self, example: Any, prediction: Any, trace: object = None, name: str | None = None, part: object = None
    ) -> dspy.Prediction:
        """Return `score` and, in `feedback`, what a teacher would write beside the answer (GEPA's five arguments)."""
        score = self(example, prediction)
        answer = answer_of(prediction)
        if score >= 1.0:
            text = f"Right: the answer is {example['answer']}."
        elif answer is None:
            text = (
                f"No answer could be read. The right one is {example['answer']}; it has to be where it was asked for."
            )
        else:
            text = f"The answer given was {answer[:200]!r}, the right one is {example['answer']!r} (score {score:.2f})."
        return dspy.Prediction(score=score, feedback=text)
