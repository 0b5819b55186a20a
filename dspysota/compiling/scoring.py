"""DSPy's Evaluate with its rows asked by a crew, so that several programs can be scored at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import dspy
from dspy.evaluate.evaluate import EvaluationResult
from dspy.utils.callback import with_callbacks

from dspysota.compiling.board import Whole
from dspysota.compiling.budget import refusal
from dspysota.compiling.concurrently import first_successes
from dspysota.compiling.crew import Give
from dspysota.errors import MetricError


class CrewEvaluate(dspy.Evaluate):
    """`dspy.Evaluate` over a crew: the same result, and callbacks told the same.

    What a program raises scores `failure_score`, as there, and never ends it; but a request that did not fit into the
    budget any more does: BudgetSpentError is raised, since a score of the rest would be none, and so is MetricError. No
    row is ever asked twice, however slow it is, and Evaluates may run side by side (DSPy's share a list of progress
    bars and cannot).
    `on_end(rows)` is called after each row; what it raises is raised.
    """

    def __init__(self, *, give: Give, on_end: Callable[[int], None] | None = None, **settings: Any) -> None:
        super().__init__(**settings)
        self.give = give
        self.on_end = on_end

    @with_callbacks
    def __call__(self, program: Any) -> EvaluationResult:
        """Return DSPy's result: `score` in percent, rounded to two digits, and (example, prediction, score) per row."""
        rows = self.devset

        def ask(index: int) -> tuple[Any, Any]:
            try:
                prediction = program(**rows[index].inputs())
                return prediction, self.metric(rows[index], prediction)
            except MetricError:
                raise
            except Exception as error:  # noqa: BLE001  a row that failed is a row without a right answer
                if spent := refusal(error):
                    raise spent from None
                return dspy.Prediction(), self.failure_score

        def on_end(ended: int, successes: int) -> None:
            if self.on_end is not None:
                self.on_end(ended)

        found, _ = first_successes(ask, len(rows), len(rows), concurrency=len(rows), give=self.give, on_end=on_end)
        results = [(row, *found[index]) for index, row in enumerate(rows)]
        return Whole(score=round(100 * sum(score for *_, score in results) / len(rows), 2), results=results)
