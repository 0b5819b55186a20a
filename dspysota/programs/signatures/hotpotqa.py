"""HotpotQA, distractor setting: a question and ten paragraphs in, a few words and their supporting sentences out."""

from collections.abc import Callable, Iterable, Mapping
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


PLACEHOLDERS = ("ANSWER", "WORDS")
"""What stands for an answer or a search in the instructions below; nobody answers so."""


class AnswerShortly(dspy.Signature):
    """Answer the question from the paragraphs. The answer is a name, a date, a number or a few words, or yes or no."""

    context: list[str] = dspy.InputField(desc="paragraphs, each with its title")
    question: str = dspy.InputField()
    answer: str = marked("Answer:", "the short answer alone, without a sentence around it")


class AnswerFromMemory(dspy.Signature):
    """Answer the question from what you know. The answer is a name, a date, a number or a few words, or yes or no."""

    question: str = dspy.InputField()
    answer: str = marked("Answer:", "the short answer alone, without a sentence around it")


class NextQuery(dspy.Signature):
    """Write a search query, a few words on one line, for the paragraph that is still missing to answer the question."""

    context: list[str] = dspy.InputField(desc="paragraphs found so far, each with its title")
    question: str = dspy.InputField()
    query: str = marked("Query:")


class CheckAnswer(dspy.Signature):
    """Check the proposed answer to the question against the paragraphs.

    Say in one short sentence what the paragraphs say. End with a last line of the form "Answer: ANSWER", where ANSWER
    is the proposed answer if it is right, and otherwise the right one: the short answer alone.
    """

    context: list[str] = dspy.InputField(desc="paragraphs, each with its title")
    question: str = dspy.InputField()
    proposed: str = dspy.InputField(desc="an answer that may be wrong")
    # Free text and read by the program: a marked field would take any last line for a correction.
    verdict: str = dspy.OutputField(desc='a short sentence, then "Answer: " and the short answer')


class NextStep(dspy.Signature):
    """Decide how to go on to answer the question, from the paragraphs found so far.

    Say in one short sentence what is known. If a paragraph is still missing, end with a last line of the form
    "Search: WORDS", where WORDS are a few words to find it by. Otherwise end with a last line of the form
    "Answer: ANSWER", where ANSWER is the short answer alone: a name, a date, a number or a few words, or yes or no.
    """

    context: list[str] = dspy.InputField(desc="paragraphs found so far, each with its title")
    question: str = dspy.InputField()
    step: str = dspy.OutputField(desc='a short sentence, then "Search: " and words or "Answer: " and the short answer')


def demonstrations(predictor: str, entries: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Turn hand-written entries into demonstrations of a predictor, going by its name.

    An entry has `paragraphs` ({title, text}), `question`, `query`, `reasoning`, `answer` and `mistake`, an answer that
    is wrong. A predictor that decides between two things is shown both, by turns.
    """
    shown = _SHOWN.get(predictor, _answer)
    return [shown(entry, place) for place, entry in enumerate(entries)]


def _answer(entry: Mapping[str, Any], place: int) -> dict[str, Any]:
    return {"context": _context(entry), **_fields(entry, "question", "reasoning", "answer")}


def _read(entry: Mapping[str, Any], place: int) -> dict[str, Any]:
    return {"context": _context(entry), **_fields(entry, "question", "answer")}


def _recall(entry: Mapping[str, Any], place: int) -> dict[str, Any]:
    """The form of an answer alone: what these questions ask for is invented, and nobody knows it from memory."""
    return _fields(entry, "question", "reasoning", "answer")


def _query(entry: Mapping[str, Any], place: int) -> dict[str, Any]:
    """The first paragraph only, since the other one is what has to be asked for."""
    return {"context": _context(entry)[:1], **_fields(entry, "question", "query")}


def _check(entry: Mapping[str, Any], place: int) -> dict[str, Any]:
    """A mistake that is corrected, then a right answer that is kept."""
    proposed = entry["answer"] if place % 2 else entry["mistake"]
    fields = {"proposed": str(proposed).strip(), "verdict": _closed(entry["reasoning"], "Answer", entry["answer"])}
    return {"context": _context(entry), **_fields(entry, "question"), **fields}


def _step(entry: Mapping[str, Any], place: int) -> dict[str, Any]:
    """A search when one paragraph is found, then an answer when all are."""
    if place % 2:
        done = _closed(entry["reasoning"], "Answer", entry["answer"])
        return {"context": _context(entry), **_fields(entry, "question"), "step": done}
    title = entry["paragraphs"][1]["title"]
    step = _closed(f"The paragraph on {title} is missing.", "Search", entry["query"])
    return {"context": _context(entry)[:1], **_fields(entry, "question"), "step": step}


_SHOWN: Mapping[str, Callable[[Mapping[str, Any], int], dict[str, Any]]] = {
    "read": _read,
    "recall": _recall,
    "query": _query,
    "check": _check,
    "step": _step,
}


def _context(entry: Mapping[str, Any]) -> list[str]:
    return [f"{p['title']}: {str(p['text']).strip()}" for p in entry["paragraphs"]]


def _fields(entry: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: str(entry[name]).strip() for name in names}


def _closed(thought: object, label: str, value: object) -> str:
    return f"{str(thought).strip()}\n{label}: {str(value).strip()}"
