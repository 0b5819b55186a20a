"""HotpotQA, distractor setting: a question and ten paragraphs in, a few words and their supporting sentences out."""

from collections.abc import Iterable, Mapping
from typing import Any

import dspy

from dspysota.programs.plain import marked

BRIEF = dspy.OutputField(desc="Think in one or two short sentences")
"""The reasoning that a short answer wants."""

SAMPLE: dict[str, Any] = {
    "question": "In which country is the city in which Ada Quill was born?",
    "paragraphs": [
        ["Ada Quill", ["Ada Quill is a painter.", " She was born in Norvale."]],
        ["Norvale", ["Norvale is a city in Estonda.", " It lies on the river Tarn."]],
        ["Blue Harbour", ["Blue Harbour is a painting of 1921."]],
        ["Estonda", ["Estonda is a country of nine provinces."]],
    ],
}
"""Made-up inputs, to show what a program sends."""


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
