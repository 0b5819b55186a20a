"""Retrieve, then read."""

from collections.abc import Sequence
from typing import Any

import dspy

from dspysota.programs.retrieval.retriever import Retriever
from dspysota.programs.retrieval.telling import prediction
from dspysota.programs.signatures.hotpotqa import BRIEF, AnswerShortly


class Read(dspy.Module):
    """Retrieve the `k` best paragraphs for the question, then read."""

    def __init__(self, k: int = 3, retriever: Retriever | None = None) -> None:
        super().__init__()
        self.k = k
        self.retriever = retriever or Retriever()
        self.answer = dspy.ChainOfThought(AnswerShortly, rationale_field=BRIEF)

    def forward(self, question: str, paragraphs: Sequence[Any]) -> dspy.Prediction:
        """Return a prediction with `reasoning`, `answer` and `details`."""
        found = self.retriever.over(paragraphs).take(question, self.k)
        read = self.answer(context=[p.text for p in found], question=question)
        return prediction(read.answer, found, question, reasoning=read.reasoning)


PROGRAM = Read
