"""GSM8K: grade-school word problems whose answer is one number.

Rows are those of https://github.com/openai/grade-school-math (MIT): `question`, and `answer`, a worked solution with
`<<3*4=12>>` calculator marks and a last line `#### 12`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import ClassVar

from dspysota.errors import DataError
from dspysota.metrics import gsm8k as metrics
from dspysota.records import Example
from dspysota.tasks.base import Details, Task
from dspysota.tasks.hub import HubFiles
from dspysota.tasks.sources import Layout, RawRow
from dspysota.tasks.splits import Sizes

_CALCULATION = re.compile(r"<<[^<>]*>>")


class GSM8K(Task):
    """Word problems; the primary metric is the accuracy of the number that a person would read in the answer."""

    name = "gsm8k"
    metrics = ("exact_match", "strict_match", "flexible_match")
    primary = "exact_match"
    thresholds: ClassVar[Mapping[str, str]] = {"accuracy": "exact_match"}
    marker = "####"
    max_tokens = 400
    layout = Layout(
        name="gsm8k",
        train="gsm8k/train.jsonl",
        test="gsm8k/test.jsonl",
        hub=HubFiles(
            repository="openai/gsm8k",
            revision="e53f048856ff4f594e959d75785d2c2d37b678ee",
            train="main/train-00000-of-00001.parquet",
            test="main/test-00000-of-00001.parquet",
        ),
        twin="dspysota.tasks.twins.gsm_symbolic",
    )
    sizes = Sizes(train=200, validation=300)  # as in the DSPy paper, arXiv 2310.03714

    def example(self, row: RawRow, prefix: str) -> Example:
        """Return the row; `extra["solution"]` is the worked solution without calculator marks and answer line."""
        question, answer = row.fields.get("question"), row.fields.get("answer")
        if not isinstance(question, str) or not question.strip():
            raise DataError(f"{row.where} has no text in 'question'.")
        if not isinstance(answer, str) or "####" not in answer:
            raise DataError(f"{row.where} has no 'answer' with a line '#### <number>'.")
        solution, _, gold = answer.rpartition("####")
        gold = gold.strip().replace(",", "")
        if metrics.extract(gold) is None:
            raise DataError(f"{row.where} has {gold!r} after '####' in 'answer', which is not a number.")
        return Example(
            id=f"{prefix}-{row.number:04d}",
            inputs={"question": question},
            gold=gold,
            extra={"solution": _CALCULATION.sub("", solution).strip()},
        )

    def score(
        self, example: Example, prediction: str | None, output: str, details: Details | None = None
    ) -> dict[str, float]:
        """Score the prediction by `exact_match` and the raw output by the harness's two patterns."""
        return {
            "exact_match": metrics.exact_match(prediction, example.gold),
            "strict_match": metrics.strict_match(output, example.gold),
            "flexible_match": metrics.flexible_match(output, example.gold),
        }

    def normal_form(self, answer: str) -> str | None:
        """Return the number that the answer gives, in one spelling."""
        return metrics.normal(answer)

    def perfect(self, example: Example) -> tuple[str, Details]:
        """Return the answer line alone."""
        return f"#### {example.gold}", {}


TASK = GSM8K()
