"""The classes that cases are in: right, or the reason why not."""

from __future__ import annotations

from dspysota.records import Case, Failure

KINDS = ("right", *(kind.value for kind in reversed(Failure)))
"""Right answers, then failures from the mildest to the hardest."""


def kind_of(case: Case) -> str:
    """The class of a case, one of KINDS."""
    return case.failure.value if case.failure else KINDS[0]


def hardest_first(case: Case) -> int:
    """What puts failures before right answers, and the hardest before the mildest, when cases are sorted by it."""
    return -KINDS.index(kind_of(case))
