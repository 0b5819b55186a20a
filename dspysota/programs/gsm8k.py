"""GSM8K: a grade-school word problem in, a number out."""

from collections.abc import Iterable, Mapping
from typing import Any

import dspy

from dspysota.programs.plain import marked


class Solve(dspy.Signature):
    """Solve the math problem."""

    question: str = dspy.InputField()
    answer: str = marked("####", "the answer as a number", placeholder="N", pattern=r"\d")


class Direct(dspy.Module):
    """The number at once, without working."""

    def __init__(self) -> None:
        super().__init__()
        self.solve = dspy.Predict(Solve)

    def forward(self, question: str) -> dspy.Prediction:
        """Return a prediction with `answer`."""
        return self.solve(question=question)


class ChainOfThought(dspy.Module):
    """Step by step, then the number."""

    def __init__(self) -> None:
        super().__init__()
        self.solve = dspy.ChainOfThought(Solve)

    def forward(self, question: str) -> dspy.Prediction:
        """Return a prediction with `reasoning` and `answer`."""
        return self.solve(question=question)


def demonstrations(predictor: str, entries: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Turn hand-written entries (`question`, `reasoning`, `answer`) into demonstrations of a predictor."""
    return [{name: str(entry[name]).strip() for name in ("question", "reasoning", "answer")} for entry in entries]
