"""HotpotQA, distractor setting: questions that need two of ten paragraphs.

Rows are those of https://hotpotqa.github.io (CC BY-SA 4.0): `_id`, `question`, `answer`, `supporting_facts`
(`[[title, sentence], …]`), `context` (`[[title, [sentence, …]], …]`), `type`, `level`. The hub's files hold the same
in columns: `id`, `supporting_facts` as {title, sent_id}, `context` as {title, sentences}.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any, ClassVar

from pydantic import JsonValue

from dspysota.errors import DataError
from dspysota.metrics import hotpotqa as metrics
from dspysota.records import Example
from dspysota.tasks.base import Details, Task
from dspysota.tasks.hub import HubFiles
from dspysota.tasks.sources import Layout, RawRow
from dspysota.tasks.splits import Sizes


class HotpotQA(Task):
    """Multi-hop questions; the primary metric is the official answer F1."""

    name = "hotpotqa"
    metrics = ("f1", "em", "sp_f1", "sp_em", "joint_f1", "joint_em", "supporting_recall")
    primary = "f1"
    thresholds: ClassVar[Mapping[str, str]] = {"accuracy": "f1", "f1": "f1", "em": "em"}
    marker = "Answer:"
    max_tokens = 256
    layout = Layout(
        name="hotpotqa",
        train="hotpotqa/train.jsonl",
        test="hotpotqa/dev.jsonl",  # the official test answers are secret, so dev is what everybody reports
        hub=HubFiles(
            repository="hotpotqa/hotpot_qa",
            revision="1908d6afbbead072334abe2965f91bd2709910ab",
            train="distractor/train-00000-of-00002.parquet",  # 45,000 rows, of which a few hundred are used
            test="distractor/validation-00000-of-00001.parquet",
        ),
        twin="dspysota.tasks.twins.closed_world",
    )
    sizes = Sizes(train=200, validation=300)

    def example(self, row: RawRow, prefix: str) -> Example:
        """Return the row, of either layout."""
        fields = row.fields
        texts = {name: fields.get(name) for name in ("question", "answer")}
        for name, text in texts.items():
            if not isinstance(text, str) or not text.strip():
                raise DataError(f"{row.where} has no text in {name!r}.")
        paragraphs = _pairs(fields.get("context"), "sentences")
        if not paragraphs or not all(_is_paragraph(pair) for pair in paragraphs):
            raise DataError(f"{row.where} has no 'context' of the form [[title, [sentence, …]], …].")
        facts = _pairs(fields.get("supporting_facts"), "sent_id")
        if not facts or not all(_is_fact(pair) for pair in facts):
            raise DataError(f"{row.where} has no 'supporting_facts' of the form [[title, sentence number], …].")
        return Example(
            id=str(fields.get("_id") or fields.get("id") or f"{prefix}-{row.number:04d}"),
            inputs={"question": str(texts["question"]), "paragraphs": paragraphs},
            gold=str(texts["answer"]),
            extra={"supporting_facts": facts, "type": fields.get("type"), "level": fields.get("level")},
        )

    def score(
        self, example: Example, prediction: str | None, output: str, details: Details | None = None
    ) -> dict[str, float]:
        """Score the prediction, and the `supporting_facts` and `retrieved` titles among the details.

        As in the official script, what is missing scores 0, and then there is nothing joint either; and what a
        program claims as a supporting fact and is none counts as a wrong one. An answer without text is missing,
        although the script would call it equal to a gold answer made of articles.
        """
        gold = _facts(example.extra["supporting_facts"])
        given = details or {}
        answered = prediction is not None and prediction.strip() != ""
        answer = metrics.answer(prediction, example.gold) if prediction and answered else metrics.NOTHING
        facts = _claimed(given.get("supporting_facts"))
        support = metrics.supporting(facts, gold) if facts else metrics.NOTHING
        joint = metrics.joint(answer, support)
        return {
            "f1": answer.f1,
            "em": answer.em,
            "sp_f1": support.f1,
            "sp_em": support.em,
            "joint_f1": joint.f1,
            "joint_em": joint.em,
            "supporting_recall": metrics.supporting_recall(_titles(given.get("retrieved")), gold),
        }

    def perfect(self, example: Example) -> tuple[str, Details]:
        """Return the answer line, with the gold facts and their paragraphs retrieved."""
        facts = example.extra["supporting_facts"]
        retrieved: list[JsonValue] = [title for title, _ in _facts(facts)]
        return f"Answer: {example.gold}", {"supporting_facts": facts, "retrieved": retrieved}

    def told(self, example: Example) -> Details:
        """Return the gold supporting facts, [[title, sentence number], …], as `gold_facts`."""
        return {"gold_facts": example.extra["supporting_facts"]}

    def normal_form(self, answer: str) -> str | None:
        """Return the answer as the official script normalizes it before comparing."""
        return metrics.normalize(answer) or None

    def complete(self, example: Example, details: Details) -> bool | None:
        """Return whether every supporting paragraph is among the `retrieved` titles; None where nothing retrieved."""
        if "retrieved" not in details:
            return None
        wanted = {title for title, _ in _facts(example.extra["supporting_facts"])}
        return wanted <= set(_titles(details["retrieved"]))


def _pairs(value: Any, second: str) -> list[JsonValue]:
    """Return [[title, …], …] from either layout, or nothing where it is neither."""
    if isinstance(value, Mapping):
        titles, others = value.get("title"), value.get(second)
        if isinstance(titles, Sequence) and isinstance(others, Sequence) and len(titles) == len(others):
            return [[title, other] for title, other in zip(titles, others, strict=True)]
        return []
    return list(value) if isinstance(value, list) else []


def _is_paragraph(pair: Any) -> bool:
    if not (isinstance(pair, list) and len(pair) == 2 and isinstance(pair[0], str) and isinstance(pair[1], list)):
        return False
    return all(isinstance(sentence, str) for sentence in pair[1])


def _is_fact(pair: Any) -> bool:
    return isinstance(pair, list | tuple) and len(pair) == 2 and isinstance(pair[0], str) and type(pair[1]) is int


def _claimed(value: Any) -> list[Hashable]:
    """Return what `value` claims as supporting facts; it may be wrong in any way, and no fact equals a text."""
    if not isinstance(value, list | tuple):
        return []
    return [(pair[0], pair[1]) if _is_fact(pair) else repr(pair) for pair in value]


def _facts(value: Any) -> list[metrics.Fact]:
    """Return the supporting facts in `value`."""
    return [(pair[0], pair[1]) for pair in value if _is_fact(pair)] if isinstance(value, list | tuple) else []


def _titles(value: Any) -> list[str]:
    return [title for title in value if isinstance(title, str)] if isinstance(value, list | tuple) else []


TASK = HotpotQA()
