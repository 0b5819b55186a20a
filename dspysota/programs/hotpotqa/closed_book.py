"""Answer from memory, without any paragraph."""

from collections.abc import Sequence
from typing import Any

import dspy

from dspysota.programs.signatures.hotpotqa import BRIEF, AnswerFromMemory


class ClosedBook(dspy.Module):
    """The question alone: what the model knows already, and so what retrieval has to add to.

    It retrieves nothing. So it has no retrieval misses, its wrong answers are just wrong, and the metrics on paragraphs
    and supporting facts are 0.
    """

    def __init__(self) -> None:
        super().__init__()
        self.recall = dspy.ChainOfThought(AnswerFromMemory, rationale_field=BRIEF)

    def forward(self, question: str, paragraphs: Sequence[Any] = ()) -> dspy.Prediction:
        """Return a prediction with `reasoning` and `answer`; the paragraphs are not looked at."""
        return self.recall(question=question)


PROGRAM = ClosedBook
