"""GSM8K: a grade-school word problem in, a number or a program that computes it out."""

from collections.abc import Iterable, Mapping
from typing import Any

import dspy

from dspysota.programs.plain import fenced, marked

SAMPLE: dict[str, Any] = {"question": "A box holds 6 pens. How many pens do 4 boxes hold?"}
"""Made-up inputs, to show what a program sends."""

NUMBER = r"-?[0-9][0-9,]{0,14}(?:\.[0-9]{1,6})?"


class Solve(dspy.Signature):
    """Solve the math problem."""

    question: str = dspy.InputField()
    answer: str = marked("####", "the answer as a number", placeholder="N", pattern=r"\d", form=NUMBER)


class WriteProgram(dspy.Signature):
    """Write a short Python program that solves the math problem and ends by printing the answer as a number."""

    question: str = dspy.InputField()
    code: str = fenced("python", "a short Python program that ends by printing the answer")


def demonstrations(predictor: str, entries: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Turn hand-written entries into demonstrations of a predictor.

    An entry has `question`, `reasoning`, `answer` and `code`. The predictor that writes a program is shown programs.
    """
    wanted = ("question", "code") if predictor == "write" else ("question", "reasoning", "answer")
    return [{name: str(entry[name]).strip() for name in wanted} for entry in entries]
