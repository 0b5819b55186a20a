"""What it may take, and what it took, to prepare a program."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import Field, ValidationError

from dspysota.errors import ConfigError
from dspysota.records.base import Record, Usage

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails


class BudgetError(ConfigError, ValueError):
    """A bound that makes no sense; a ValueError, too, so that a profile can tell where it stands."""


class Budget(Record):
    """The most that a compilation may take; what is None is not bounded. All earlier sessions of it count.

    Raises ConfigError for a bound that makes no sense.
    """

    calls: int | None = Field(default=None, ge=1)
    """Requests, failed ones included."""
    tokens: int | None = Field(default=None, ge=1)
    """Prompt plus completion tokens; a server that does not report them is refused."""
    usd: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    """US dollars, by the prices of the models that are asked and the tokens that their servers report."""
    minutes: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    """Wall time in which the compilation runs."""

    if not TYPE_CHECKING:  # which knows the fields better

        def __init__(self, **bounds: Any) -> None:
            try:
                super().__init__(**bounds)
            except ValidationError as error:
                raise BudgetError(_wrong(error.errors(include_url=False)[0], self)) from None


def _wrong(fault: ErrorDetails, budget: Budget) -> str:
    name = str(fault["loc"][0])
    if name not in type(budget).model_fields:
        return f"A budget has no {name!r}; bound it by {', '.join(type(budget).model_fields)}."
    wanted = "a whole number of 1 or more" if name in {"calls", "tokens"} else "a finite number above 0"
    return f"A budget's {name} cannot be {fault['input']!r:.80}; give {wanted}, or None for no bound."


class Phase(Record):
    """What one part of a compilation took, such as bootstrapping, proposing or scoring."""

    name: str
    calls: int = 0
    failed: int = 0
    """Of the calls, those that brought no answer."""
    usage: Usage = Usage()
    by_model: dict[str, Usage] = Field(default_factory=dict)
    """The same tokens by the names of the models that were asked; empty in programs older than this field."""
    usd: float | None = None
    """US dollars; None where a model that was asked has no price, or its server did not report tokens."""


class CompileInfo(Record):
    """What it took to prepare the program. All zero for approaches that ask no model.

    A request that is made twice within a compilation is paid once and counted once. Requests under way when a session
    was killed were not recorded, and are not counted.
    """

    program_digest: str
    """sha256 of the saved program's JSON."""
    unprepared_digest: str | None = None
    """The same of the program before it was prepared; None where it was not recorded."""
    instructions_digest: str | None = None
    """The same of the program without its demonstrations: `unprepared_digest` where no instruction was changed."""
    calls: int = 0
    usage: Usage = Usage()
    usd: float | None = None
    """US dollars; None where a model that was asked has no price, or its server did not report tokens."""
    seconds: float = 0.0
    """Wall time, summed over sessions."""
    sessions: int = 1
    """1, or more when an interrupted compilation was continued."""
    phases: tuple[Phase, ...] = ()
    budget: Budget = Budget()
    stopped: str | None = None
    """Which bound of the budget ended the search early; None when it came to its own end."""
    validation_score: float | None = None
    """Mean primary score, in [0, 1], of the chosen program on the rows it was chosen by; None where nothing was chosen.

    The best of many scores flatters: compare it with the held-out score, never report it as one.
    """
    validation_rows: int = 0
    candidates: int = 0
    """Programs that were scored on all validation rows."""
    teacher: str | None = None
    """Name of the model that taught or proposed, where it was another one."""
    reused: bool = False
    """True when the program was loaded instead of compiled; the figures are then those of its compilation."""
    notes: tuple[str, ...] = ()
