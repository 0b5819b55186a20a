"""A run beside a reference: what a claim is judged on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import Field

from dspysota.records.base import Record

if TYPE_CHECKING:
    from dspysota.records.runs import Run

Costs = Mapping[str, Sequence[float | None]] | Callable[["Run"], Sequence[float | None]]
"""What each case of a run cost, in the order of its cases: by the run's key, or by a function of the run.

US dollars, unless a function gives Amounts, which say their basis. None where a cost is unknown; unknown is never 0.
"""


class Published(Record):
    """A score that somebody else reported. Without scores of single examples it can be quoted, and proves nothing."""

    name: str
    """Model and protocol, such as `Llama-3-70B-Instruct, 8-shot`."""
    metric: str
    score: float = Field(ge=0, le=1)
    source: str
    """Paper and table."""


@dataclass(frozen=True, kw_only=True)
class Versus:
    """Runs of one program, a seed each, beside the reference's; `run.vs(reference)` makes one.

    Nothing is checked here: a claim refuses what cannot be compared.
    """

    runs: tuple[Run, ...]
    reference: tuple[Run, ...] | Published
    costs: Costs | None = None
