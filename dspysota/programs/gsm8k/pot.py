"""A Python program, then the number that it computes (program of thought, Chen et al., arXiv 2211.12588)."""

import re
from decimal import Decimal

import dspy
from pydantic import JsonValue

from dspysota import sandbox
from dspysota.metrics.gsm8k import extract
from dspysota.programs import code as reading
from dspysota.programs.calls import last
from dspysota.programs.signatures.gsm8k import WriteProgram

DECIMALS = 6
"""Decimals of an answer: 18.000000000000004 is 18 computed in binary."""

LARGEST = Decimal(10) ** 18
"""A larger number is a runaway program, not an answer."""

_SHOWN = 2000
"""Characters of the code and of what it printed that are kept in the details."""

_DIGIT = re.compile(r"[0-9]")


class ProgramOfThought(dspy.Module):
    """The model writes a program, the sandbox runs it.

    The answer is the last number that the program printed; failing that, the variable `answer`, the variable `result`,
    what a function returns that nobody called, or the value of the last line: the first of them that has a number. Code
    that is cut off or does not run to its end is no answer.
    """

    def __init__(self) -> None:
        super().__init__()
        self.write = dspy.Predict(WriteProgram)

    def forward(self, question: str) -> dspy.Prediction:
        """Return a prediction with `code`, `answer` (None where there is none) and `details`.

        Raises RunError when there is no sandbox.
        """
        written = str(self.write(question=question).code or "")
        program = reading.unwrapped(written)
        details: dict[str, JsonValue] = {"code": program[:_SHOWN]}
        if _cut_off() or not program.strip():
            return dspy.Prediction(code=written, answer=None, details=details)
        outcome = sandbox.run(program, show=reading.results(program))
        details["printed"] = outcome.printed[-_SHOWN:]
        if outcome.trouble is not None:
            details["sandbox"] = f"{outcome.trouble}: {outcome.message}"
            return dspy.Prediction(code=program, answer=None, details=details)
        texts = (outcome.printed, *outcome.shown)
        answer = next((found for text in texts if (found := number(text)) is not None), None)
        return dspy.Prediction(code=program, answer=answer, details=details)


def number(text: str) -> str | None:
    """Return the number on the last line that has a digit, as plain digits; None where that line gives none.

    >>> number("72\\nShe keeps $1,011.50 of it.\\n"), number("18.000000000000004"), number("1e3"), number("-0.0")
    ('1011.5', '18', '1000', '0')
    >>> number("None"), number("nan"), number("5\\n10:30"), number("1e400")
    (None, None, None, None)
    """
    line = next((line for line in reversed(text.split("\n")) if _DIGIT.search(line)), "")
    # Python writes a negative number without a space: "- 7" is an item of a list.
    value = extract(line.strip().removeprefix("- "))
    if value is None or abs(value) >= LARGEST:
        return None
    return f"{(round(value, DECIMALS) + 0).normalize():f}"


def _cut_off() -> bool:
    """Whether the token limit struck before the program was whole, whatever an adapter made of the rest."""
    call = last()
    return call is not None and call.finish_reason == "length" and reading.read(call.output, ended=False) is None


PROGRAM = ProgramOfThought
