"""HotpotQA, distractor setting: a question and ten paragraphs in, a few words and their supporting sentences out."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import dspy

from dspysota.programs.plain import marked
from dspysota.programs.retrieval import Paragraph, best_sentences, paragraphs, ranked

_BRIEF = dspy.OutputField(desc="Think in one or two short sentences")


class AnswerShortly(dspy.Signature):
    """Answer the question from the paragraphs. The answer is a name, a date, a number or a few words, or yes or no."""

    context: list[str] = dspy.InputField(desc="paragraphs, each with its title")
    question: str = dspy.InputField()
    answer: str = marked("Answer:", "the short answer alone, without a sentence around it")


class NextQuery(dspy.Signature):
    """Write a search query, a few words on one line, for the paragraph that is still missing to answer the question."""

    context: list[str] = dspy.InputField(desc="paragraphs found so far, each with its title")
    question: str = dspy.InputField()
    query: str = marked("Query:")


class Read(dspy.Module):
    """Retrieve the `k` best paragraphs for the question, then read."""

    def __init__(self, k: int = 3) -> None:
        super().__init__()
        self.k = k
        self.answer = dspy.ChainOfThought(AnswerShortly, rationale_field=_BRIEF)

    def forward(self, question: str, paragraphs: Sequence[Any]) -> dspy.Prediction:
        """Return a prediction with `reasoning`, `answer` and `details`."""
        rest = _rows(paragraphs)
        found = _take(rest, question, self.k)
        read = self.answer(context=[p.text for p in found], question=question)
        return _prediction(read, found, question)


class TwoHop(dspy.Module):
    """Retrieve for the question, let the model write a second query, retrieve for that, then read all."""

    def __init__(self, k: int = 2) -> None:
        super().__init__()
        self.k = k
        self.query = dspy.Predict(NextQuery)
        self.answer = dspy.ChainOfThought(AnswerShortly, rationale_field=_BRIEF)

    def forward(self, question: str, paragraphs: Sequence[Any]) -> dspy.Prediction:
        """Return a prediction with `reasoning`, `answer` and `details`, among them the model's `query`."""
        rest = _rows(paragraphs)
        found = _take(rest, question, self.k)
        query = self.query(context=[p.text for p in found], question=question).query
        found += _take(rest, query, self.k)
        read = self.answer(context=[p.text for p in found], question=question)
        return _prediction(read, found, question, query=query)


def demonstrations(predictor: str, entries: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Turn hand-written entries into demonstrations of a predictor.

    An entry has `paragraphs` ({title, text}), `question`, `query`, `reasoning` and `answer`. The predictor that writes
    the query sees the first paragraph only, since the other one is what it has to ask for.
    """
    demos = []
    for entry in entries:
        context = [f"{p['title']}: {str(p['text']).strip()}" for p in entry["paragraphs"]]
        wanted = ("query",) if predictor == "query" else ("reasoning", "answer")
        shown = context[:1] if predictor == "query" else context
        fields = {name: str(entry[name]).strip() for name in ("question", *wanted)}
        demos.append({"context": shown, **fields})
    return demos


# Named apart from `paragraphs`, which forward() has to call its argument, since the example's field is called so.
_rows = paragraphs


def _take(rest: list[Paragraph], query: str, k: int) -> list[Paragraph]:
    """Move the `k` best paragraphs out of `rest`, best first."""
    best = ranked([p.text for p in rest], query)[:k]
    found = [rest[i] for i in best]
    for i in sorted(best, reverse=True):
        del rest[i]
    return found


def _prediction(read: dspy.Prediction, found: list[Paragraph], question: str, **more: str) -> dspy.Prediction:
    details = {
        "retrieved": [p.title for p in found],
        "supporting_facts": best_sentences(found, f"{question} {read.answer}"),
        **more,
    }
    return dspy.Prediction(reasoning=read.reasoning, answer=read.answer, details=details)
