"""What was scored during a compilation: DSPy tells it, whichever optimizer is at work."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from dspy.evaluate.evaluate import EvaluationResult
from dspy.utils.callback import BaseCallback
from dspy.utils.exceptions import AdapterParseError

from dspysota.compiling import saved


@dataclass(frozen=True)
class Candidate:
    """A program, by its state, with its mean score in [0, 1] on all validation rows."""

    state: str
    score: float


class Whole(EvaluationResult):
    """The result of an evaluation in which no request was refused: it counts although the budget is spent by now."""


class Board(BaseCallback):
    """Keeps the score of every program that was evaluated on all validation rows before the budget was spent.

    `questions` are those rows', in any order: optimizers shuffle them, and evaluate on as many training rows too.
    `spent` tells whether the budget is; scores in which requests failed for that reason are not kept. A callback of
    DSPy's.
    """

    def __init__(self, questions: Iterable[str], spent: Callable[[], bool], on_score: Callable[[Board], None]) -> None:
        self._questions = sorted(questions)
        self._spent = spent
        self._on_score = on_score
        self._open: dict[str, str] = {}
        self._mutex = threading.Lock()
        self.candidates: list[Candidate] = []
        self.read = 0
        """Outputs that could be read."""
        self.unread = 0
        """Outputs that could not."""

    @property
    def scoring(self) -> bool:
        """Whether an evaluation is under way."""
        return bool(self._open)

    @property
    def best(self) -> Candidate | None:
        """The first of the candidates with the highest score."""
        return max(self.candidates, key=lambda candidate: candidate.score, default=None)

    def score_of(self, state: str) -> float | None:
        """The score of a program, None where it was never scored on all validation rows."""
        return next((candidate.score for candidate in self.candidates if candidate.state == state), None)

    def on_evaluate_start(self, call_id: str, instance: Any, inputs: dict[str, Any]) -> None:
        """Remember the program as it is now: optimizers change the one they have."""
        rows = inputs.get("devset") or instance.devset
        whole = sorted(row["question"] for row in rows) == self._questions
        with self._mutex:
            self._open[call_id] = saved.state_of(inputs["program"]) if whole else ""

    def on_evaluate_end(self, call_id: str, outputs: Any, exception: Exception | None = None) -> None:
        """Keep the score, unless the budget ran out meanwhile and may have spoiled it."""
        with self._mutex:
            state = self._open.pop(call_id, "")
            if state and exception is None and (isinstance(outputs, Whole) or not self._spent()):
                scores = [float(score) for *_, score in outputs.results]
                if self.score_of(state) is None:  # COPRO scores the same program more than once
                    self.candidates.append(Candidate(state, sum(scores) / len(scores)))
        self._on_score(self)

    def on_adapter_parse_end(self, call_id: str, outputs: Any, exception: Exception | None = None) -> None:
        """Count what could be read."""
        with self._mutex:
            if exception is None:
                self.read += 1
            elif isinstance(exception, AdapterParseError):
                self.unread += 1
