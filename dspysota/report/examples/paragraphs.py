"""What was retrieved for a case: each paragraph, whether it was needed, and its words as the model got them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from dspysota.records import Case

RETRIEVED, GOLD, CLAIMED = "retrieved", "gold_facts", "supporting_facts"
"""Details of a case: titles that were retrieved; facts, as [title, sentence], that the answer rests on by the data set;
and those that the program claims it rests on."""


@dataclass(frozen=True)
class Paragraph:
    """A paragraph that was retrieved, or should have been.

    `gold` are the numbers, from 0, of its sentences that the gold answer rests on, None where the record does not say;
    `claimed` those that the program claims it rests on. `text` is empty where it is in no message that was sent.
    """

    title: str
    retrieved: bool
    gold: tuple[int, ...] | None
    claimed: tuple[int, ...]
    text: str

    @property
    def mark(self) -> str:
        """How it is marked, in a word or two."""
        if not self.retrieved:
            return "missed"
        return "not known" if self.gold is None else "supporting" if self.gold else "not needed"

    @property
    def note(self) -> str:
        """Which sentences are meant, counted from 1; empty where none is."""
        parts = [("supporting", self.gold or ()), ("claimed by the program", self.claimed)]
        return "; ".join(f"{words}: sentence {_numbers(which)}" for words, which in parts if which)


def paragraphs(case: Case) -> tuple[Paragraph, ...]:
    """Those retrieved, in that order, then those that were needed and not found; none where nothing was retrieved."""
    titles = [title for title in _list(case.details.get(RETRIEVED)) if isinstance(title, str)]
    if not titles:
        return ()
    gold = _facts(case.details.get(GOLD)) if GOLD in case.details else None
    claimed = _facts(case.details.get(CLAIMED))
    found = [
        Paragraph(
            title, True, None if gold is None else gold.get(title, ()), claimed.get(title, ()), _words(case, title)
        )
        for title in dict.fromkeys(titles)
    ]
    missed = [title for title in gold or () if title not in titles]
    return (*found, *(Paragraph(title, False, (gold or {})[title], claimed.get(title, ()), "") for title in missed))


def others(case: Case) -> list[tuple[str, JsonValue]]:
    """The details of a case that its paragraphs do not tell."""
    told = {RETRIEVED, GOLD, CLAIMED} if paragraphs(case) else set()
    return [(name, value) for name, value in case.details.items() if name not in told]


def _facts(value: JsonValue) -> dict[str, tuple[int, ...]]:
    """Numbers of sentences by title, of whatever stands there."""
    facts: dict[str, tuple[int, ...]] = {}
    for pair in _list(value):
        match pair:
            case [str(title), int(sentence)]:
                facts[title] = (*facts.get(title, ()), sentence)
    return facts


def _numbers(which: Sequence[int]) -> str:
    return ", ".join(str(one + 1) for one in sorted(set(which)))


def _list(value: JsonValue) -> list[JsonValue]:
    return value if isinstance(value, list) else []


def _words(case: Case, title: str) -> str:
    """The paragraph's words behind its title, from the newest message that has it."""
    for text in _sent(case):
        for start, end in ((f"\n{title}: ", "\n"), (f'"{json.dumps(title, ensure_ascii=False)[1:-1]}: ', '"')):
            _, found, after = f"\n{text}".rpartition(start)
            if found:
                return after[: after.index(end)] if end in after else after
    return ""


def _sent(case: Case) -> Iterator[str]:
    for call in reversed(case.calls):
        for message in reversed(call.messages):
            if message.role != "assistant":
                yield message.content
