"""A run beside a reference: what a claim is judged on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from dspysota.records.base import Record

if TYPE_CHECKING:
    from dspysota.records.runs import Run

Policy = Literal["baseline", "same_program", "best"]
"""Which run of the reference's model a claim is made against.

baseline      the one that the profile names: as a rule unoptimized
same_program  with the candidate's own program, approach and adapter, prepared for the reference's model
best          the best one of all that the profile measures
"""

Costs = Mapping[str, Sequence[float | None]] | Callable[["Run"], Sequence[float | None]]
"""What each case of a run cost, in the order of its cases: by the run's key, or by a function of the run.

US dollars, unless a function gives Amounts, which say their basis. None where a cost is unknown; unknown is never 0.
"""


class ReferenceCell(Record):
    """The cell that a profile calls a task's reference, by its names."""

    task: str
    model: str
    program: str
    approach: str
    adapter: str
    seeds: tuple[int, ...] = ()
    """Of its runs; empty in reports older than this field."""


class Published(Record):
    """A score that somebody else reported. Without scores of single examples it can be quoted, and proves nothing."""

    name: str
    """Model and protocol, such as `Llama-3-70B-Instruct, 8-shot`."""
    metric: str
    score: float = Field(ge=0, le=1)
    source: str
    """Paper and table."""
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Versus:
    """Runs of one program, a seed each, beside the reference's; `run.vs(reference)` makes one.

    Nothing is checked here: a claim refuses what cannot be compared.
    """

    runs: tuple[Run, ...]
    reference: tuple[Run, ...] | Published
    costs: Costs | None = None
    policy: Policy | None = None
    """How the reference was chosen, where a policy chose it."""
    notes: tuple[str, ...] = ()
    """What a reader should know of the choice, in sentences."""
