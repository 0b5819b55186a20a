"""Retrieve, then read."""

from collections.abc import Sequence
from typing import Any

import dspy

from dspysota.programs.retrieval import prediction, read_paragraphs, take
from dspysota.programs.signatures.hotpotqa import BRIEF, AnswerShortly


class Read(dspy.Module):
    """Retrieve the `k` best paragraphs for the question, then read."""

    def __init__(self, k: int = 3) -> None:
        super().__init__()
        self.k = k
        self.answer = dspy.ChainOfThought(AnswerShortly, rationale_field=BRIEF)

    def forward(self, question: str, paragraphs: Sequence[Any]) -> dspy.Prediction:
        """Return a prediction with `reasoning`, `answer` and `details`."""
        rest = read_paragraphs(paragraphs)
        found = take(rest, question, self.k)
        read = self.answer(context=[p.text for p in found], question=question)
        return prediction(read, found, question)


PROGRAM = Read
