"""Retrieve, read, then check the answer."""

from collections.abc import Sequence
from typing import Any

import dspy
from dspy.utils.exceptions import AdapterParseError

from dspysota.programs.parsing import first_labelled
from dspysota.programs.retrieval.retriever import Retriever
from dspysota.programs.retrieval.telling import prediction
from dspysota.programs.signatures.hotpotqa import BRIEF, PLACEHOLDERS, AnswerShortly, CheckAnswer


class Verify(dspy.Module):
    """Retrieve the `k` best paragraphs and read them; a second call checks the answer against them and corrects it.

    The first answer stays where the check cannot be read. Two calls a question.
    """

    def __init__(self, k: int = 3, retriever: Retriever | None = None) -> None:
        super().__init__()
        self.k = k
        self.retriever = retriever or Retriever()
        self.answer = dspy.ChainOfThought(AnswerShortly, rationale_field=BRIEF)
        self.check = dspy.Predict(CheckAnswer)

    def forward(self, question: str, paragraphs: Sequence[Any]) -> dspy.Prediction:
        """Return a prediction with `reasoning`, `answer` and `details`.

        Among the details are `first_answer` and `check`: `kept`, `corrected` or `unreadable`.
        """
        found = self.retriever.over(paragraphs).take(question, self.k)
        context = [p.text for p in found]
        read = self.answer(context=context, question=question)
        checked = self._checked(context, question, read.answer)
        outcome = "unreadable" if checked is None else "kept" if checked == read.answer else "corrected"
        return prediction(
            checked or read.answer,
            found,
            question,
            reasoning=read.reasoning,
            first_answer=read.answer,
            check=outcome,
        )

    def _checked(self, context: list[str], question: str, proposed: str) -> str | None:
        """Return the answer that the check ends with, None where it says none."""
        try:
            verdict = str(self.check(context=context, question=question, proposed=proposed).verdict)
        except AdapterParseError:
            return None
        said = first_labelled(verdict, {"answer": "Answer:"}, PLACEHOLDERS)
        return said[1] if said else None


PROGRAM = Verify
