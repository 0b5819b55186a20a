"""GSM8K: a grade-school word problem in, a number out."""

from collections.abc import Iterable, Mapping
from typing import Any

import dspy

from dspysota.programs.plain import marked

NUMBER = r"-?[0-9][0-9,]{0,14}(?:\.[0-9]{1,6})?"


class Solve(dspy.Signature):
    """Solve the math problem."""

    question: str = dspy.InputField()
    answer: str = marked("####", "the answer as a number", placeholder="N", pattern=r"\d", form=NUMBER)


def demonstrations(predictor: str, entries: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Turn hand-written entries (`question`, `reasoning`, `answer`) into demonstrations of a predictor."""
    return [{name: str(entry[name]).strip() for name in ("question", "reasoning", "answer")} for entry in entries]
