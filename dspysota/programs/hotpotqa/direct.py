"""Retrieve, then answer at once."""

from collections.abc import Sequence
from typing import Any

import dspy

from dspysota.programs.retrieval.retriever import Retriever
from dspysota.programs.retrieval.telling import prediction
from dspysota.programs.signatures.hotpotqa import AnswerShortly


class Direct(dspy.Module):
    """Retrieve the `k` best paragraphs for the question, then answer from them without reasoning, in a few tokens."""

    def __init__(self, k: int = 3, retriever: Retriever | None = None) -> None:
        super().__init__()
        self.k = k
        self.retriever = retriever or Retriever()
        self.read = dspy.Predict(AnswerShortly)

    def forward(self, question: str, paragraphs: Sequence[Any]) -> dspy.Prediction:
        """Return a prediction with `answer` and `details`."""
        found = self.retriever.over(paragraphs).take(question, self.k)
        answer = self.read(context=[p.text for p in found], question=question).answer
        return prediction(answer, found, question)


PROGRAM = Direct
