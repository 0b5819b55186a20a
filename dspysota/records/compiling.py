"""What it may take, and what it took, to prepare a program."""

from __future__ import annotations

import hashlib
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


class Training(Record):
    """How the weights of a program's model were trained, where its approach does that."""

    digest: str = Field(pattern="^[0-9a-f]{64}$")
    """sha256 of the list of the trained weights' files with their digests."""
    base: str
    """The same of the weights that they came from."""
    by: str
    """Method, settings, and the versions of what trained."""
    examples: int = Field(ge=1)
    """Conversations."""
    left_out: int = Field(default=0, ge=0)
    """Conversations that were not trained on: too long for the context, or with the model's own control tokens."""
    tokens: int = Field(ge=0)
    """Tokens of all conversations, as often as they were seen."""
    losses: tuple[float, ...] = ()
    """Mean cross-entropy of each epoch on the answers that were trained on, in nats a token."""
    seconds: float = Field(ge=0)
    passes: int = Field(default=2, ge=1)
    """What each token took, in forward passes: there and back; one more where activations were computed twice."""
    ended_early: bool = False
    """Whether its time was over before it was."""

    def __str__(self) -> str:
        first, last = (self.losses[0], self.losses[-1]) if self.losses else (None, None)
        fell = f", loss {first:.3f} in the first epoch and {last:.3f} in the last" if first is not None else ""
        out = f"; {self.left_out:,} left out" if self.left_out else ""
        end = "; ended by its bound of time" if self.ended_early else ""
        return (
            f"The weights were trained: {self.by}; {self.examples:,} conversations, {self.tokens:,} tokens in all "
            f"epochs{fell}{out}{end}."
        )


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
    training: Training | None = None
    """Where the weights were trained, too: then the program is asked of those."""
    reused: bool = False
    """True when the program was loaded instead of compiled; the figures are then those of its compilation."""
    notes: tuple[str, ...] = ()

    @property
    def identity(self) -> str:
        """What is put to the model, and to which weights of it: `program_digest` unless weights were trained."""
        if self.training is None:
            return self.program_digest
        return hashlib.sha256(f"{self.program_digest} {self.training.digest}".encode()).hexdigest()
