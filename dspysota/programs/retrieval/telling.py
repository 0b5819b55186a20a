"""What a program that retrieves tells besides its answer."""

from collections.abc import Sequence

import dspy
from pydantic import JsonValue

from dspysota.programs.retrieval.paragraphs import Paragraph, best_sentences


def prediction(
    answer: str, found: Sequence[Paragraph], question: str, *, reasoning: str = "", **more: JsonValue
) -> dspy.Prediction:
    """Return an answer, with the paragraphs that it was read from, and `more`, among its details."""
    details = {
        "retrieved": [p.title for p in found],
        "supporting_facts": best_sentences(found, f"{question} {answer}"),
        **more,
    }
    return dspy.Prediction(reasoning=reasoning, answer=answer, details=details)
