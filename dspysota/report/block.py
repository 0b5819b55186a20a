"""A block that a command writes into somebody's document, between two markers; everything else there is prose."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dspysota.errors import RunError


@dataclass(frozen=True)
class Block:
    """Which one: `label` says what it holds, `command` what writes it, `name` tells it from others of its label."""

    label: str
    command: str
    name: str = ""

    @property
    def begin(self) -> str:
        """The marker before it."""
        return f"<!-- {self._words('begin')}; written by `{self.command}`, do not edit between the markers -->"

    @property
    def end(self) -> str:
        """The marker behind it."""
        return f"<!-- {self._words('end')} -->"

    def put(self, document: str, body: str) -> str:
        """The document with `body` between the markers; they are appended to one that has none.

        Prose and other blocks survive; everything between the markers is written anew. Raises RunError when only one of
        them is there, since then nobody knows what may be overwritten.
        """
        block = f"{self.begin}\n\n{body.strip()}\n\n{self.end}"
        begins, ends = self._place("begin", document), self._place("end", document)
        if begins is None and ends is None:
            before = f"{document.rstrip()}\n\n" if document.strip() else ""
            return f"{before}{block}\n"
        if begins is None or ends is None or ends.start() < begins.start():
            raise RunError(
                f"The document has only one of the markers {self.begin!r} and {self.end!r}; restore or delete both."
            )
        return document[: begins.start()] + block + document[ends.end() :]

    def _words(self, which: str) -> str:
        return f"{self.label}: {which} {self.name}".rstrip()

    def _place(self, which: str, document: str) -> re.Match[str] | None:
        """A marker, whatever stands in it behind its name."""
        return re.search(rf"<!-- {re.escape(self._words(which))}(?:;[^>]*)? ?-->", document)
