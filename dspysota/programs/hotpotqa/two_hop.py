"""Retrieve, ask for what is missing, retrieve again, then read."""

from collections.abc import Sequence
from typing import Any

import dspy

from dspysota.programs.retrieval.retriever import Retriever
from dspysota.programs.retrieval.telling import prediction
from dspysota.programs.signatures.hotpotqa import BRIEF, AnswerShortly, NextQuery


class TwoHop(dspy.Module):
    """Retrieve for the question, let the model write a second query, retrieve for that, then read all."""

    def __init__(self, k: int = 2, retriever: Retriever | None = None) -> None:
        super().__init__()
        self.k = k
        self.retriever = retriever or Retriever()
        self.query = dspy.Predict(NextQuery)
        self.answer = dspy.ChainOfThought(AnswerShortly, rationale_field=BRIEF)

    def forward(self, question: str, paragraphs: Sequence[Any]) -> dspy.Prediction:
        """Return a prediction with `reasoning`, `answer` and `details`, among them the model's `query`."""
        search = self.retriever.over(paragraphs)
        found = search.take(question, self.k)
        query = self.query(context=[p.text for p in found], question=question).query
        found += search.take(query, self.k)
        read = self.answer(context=[p.text for p in found], question=question)
        return prediction(read.answer, found, question, reasoning=read.reasoning, query=query)


PROGRAM = TwoHop
