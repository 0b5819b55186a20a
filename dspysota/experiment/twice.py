"""Questions that are asked a second time, among the others of their run: how much do answers change by themselves?"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from dspysota.records import Case, Example
from dspysota.store import Journal

FEWEST = 5
"""Questions that are asked twice at least, where there are as many."""

_MARK = "\N{SYMBOL FOR RECORD SEPARATOR}again"
"""Behind the id of a question that is asked a second time; no row has it."""


def with_seconds(rows: Sequence[Example], share: float, seed: int) -> tuple[Example, ...]:
    """The rows in their order, and between them, at places drawn by `seed`, copies of a `share` of them.

    A copy may come before or after its original, and has the same company of other questions at the server.
    """
    if not share:
        return tuple(rows)
    chance = random.Random(f"{seed} asked twice")
    wanted = min(len(rows), max(FEWEST, round(share * len(rows))))
    mixed = list(rows)
    for row in chance.sample(list(rows), wanted):
        mixed.insert(chance.randint(0, len(mixed)), row.model_copy(update={"id": row.id + _MARK}))
    return tuple(mixed)


def is_second(case: Case) -> bool:
    """Whether a case of `with_seconds` is that of a copy."""
    return case.case_id.endswith(_MARK)


def original(case: Case) -> Case:
    """The case under the id of its row."""
    return case.model_copy(update={"case_id": case.case_id.removesuffix(_MARK)})


class TwoJournals:
    """A run's journal, and beside it one of the second answers, written as one; sessions are those of the first."""

    def __init__(self, journal: Journal, seconds: Journal) -> None:
        self._journal = journal
        self._seconds = seconds
        again = {f"{name}{_MARK}": _marked(case) for name, case in seconds.cases.items()}
        self.cases: Mapping[str, Case] = MappingProxyType({**journal.cases, **again})
        self.earlier_sessions = journal.earlier_sessions
        self.earlier_seconds = journal.earlier_seconds

    def append(self, case: Case, elapsed: float) -> None:
        """Add a case to the journal that it belongs to."""
        if is_second(case):
            self._seconds.append(original(case), elapsed)
        else:
            self._journal.append(case, elapsed)

    def end(self, elapsed: float) -> None:
        """Note how long this session went on."""
        self._journal.end(elapsed)


def _marked(case: Case) -> Case:
    return case.model_copy(update={"case_id": case.case_id + _MARK})
