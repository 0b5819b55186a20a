"""Messages that calls about different examples have in common: instructions and demonstrations, stored once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dspysota.records import Case, Message


@dataclass(frozen=True)
class Pool:
    """Such messages in order of appearance, and the place of each."""

    messages: tuple[Message, ...]
    places: dict[tuple[str, str], int]

    @classmethod
    def of(cls, cases: Iterable[tuple[int, Case]]) -> Pool:
        """Of cases, each with the number of its example."""
        seen: dict[tuple[str, str], int] = {}
        places: dict[tuple[str, str], int] = {}
        found: list[Message] = []
        for example, case in cases:
            for call in case.calls:
                for message in call.messages:
                    key = (message.role, message.content)
                    if seen.setdefault(key, example) != example and key not in places:
                        places[key] = len(found)
                        found.append(message)
        return cls(tuple(found), places)

    def place(self, message: Message) -> int | None:
        """Where a message stands; None where it is of one example alone."""
        return self.places.get((message.role, message.content))

    def leading(self, messages: Sequence[Message]) -> int:
        """How many of a call's messages, from the first, are in the pool; never the last, which is the question."""
        for count, message in enumerate(messages[:-1]):
            if self.place(message) is None:
                return count
        return max(0, len(messages) - 1)
