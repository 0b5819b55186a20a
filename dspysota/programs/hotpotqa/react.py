"""Search as long as something is missing, then answer: ReAct in plain text.

S. Yao et al.: ReAct: Synergizing Reasoning and Acting in Language Models. ICLR 2023. https://arxiv.org/abs/2210.03629

Not `dspy.ReAct`: at every step that wants a thought, the name of a tool and its arguments as JSON, which is much to ask
of a model of half a billion parameters; it shows tracebacks to the model, and asks up to three times where the context
overflows, so that calls have no plain bound. Here a step ends with one line of text, and whatever else the model writes
ends the search, not the case.
"""

from collections.abc import Sequence
from typing import Any

import dspy
from dspy.utils.exceptions import AdapterParseError

from dspysota.programs.parsing import first_labelled
from dspysota.programs.retrieval.paragraphs import Paragraph
from dspysota.programs.retrieval.retriever import MAX_QUERY, Retriever
from dspysota.programs.retrieval.telling import prediction
from dspysota.programs.signatures.hotpotqa import BRIEF, PLACEHOLDERS, AnswerShortly, NextStep

ACTS = {"search": "Search:", "answer": "Answer:"}


class React(dspy.Module):
    """Search for the question, then let the model search again or answer, step by step.

    At most `searches` searches of `k` paragraphs each, the one for the question among them, and so at most `searches`
    calls: a step before each further search, and then one that reads all that was found. A step that answers leaves
    that one out; a step that cannot be read brings it at once.
    """

    def __init__(self, k: int = 2, searches: int = 3, retriever: Retriever | None = None) -> None:
        super().__init__()
        self.k = k
        self.searches = searches
        self.retriever = retriever or Retriever()
        self.step = dspy.Predict(NextStep)
        self.answer = dspy.ChainOfThought(AnswerShortly, rationale_field=BRIEF)

    def forward(self, question: str, paragraphs: Sequence[Any]) -> dspy.Prediction:
        """Return a prediction with `reasoning`, `answer` and `details`, among them the model's `searches`."""
        search = self.retriever.over(paragraphs)
        found = search.take(question, self.k)
        queries: list[Any] = []
        for _ in range(self.searches - 1):
            act, words = self._next(found, question)
            if act == "answer":
                return prediction(words, found, question, searches=queries)
            if act != "search":
                break
            queries.append(words[:MAX_QUERY])
            found += search.take(words, self.k)
        read = self.answer(context=[p.text for p in found], question=question)
        return prediction(read.answer, found, question, reasoning=read.reasoning, searches=queries)

    def _next(self, found: Sequence[Paragraph], question: str) -> tuple[str, str]:
        """Return what the model wants to do, and with which words; twice nothing where that cannot be read."""
        try:
            step = str(self.step(context=[p.text for p in found], question=question).step)
        except AdapterParseError:
            return "", ""
        return first_labelled(step, ACTS, PLACEHOLDERS) or ("", "")


PROGRAM = React
