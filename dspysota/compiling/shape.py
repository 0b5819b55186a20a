"""What the state of a program may hold: predictors with instructions, demonstrations, and nothing that could act.

Imports no DSPy.
"""

from __future__ import annotations

from pydantic import Field, JsonValue, TypeAdapter

from dspysota.records import Record


class FieldState(Record):
    """How an adapter words one field of a signature."""

    prefix: str
    description: str


class SignatureState(Record):
    """What an optimizer may change of a signature."""

    instructions: str
    fields: tuple[FieldState, ...]


class PredictorState(Record):
    """One predictor as `dspy.Predict` dumps it. Language models, and fields of other kinds, are refused."""

    demos: tuple[dict[str, JsonValue], ...]
    signature: SignatureState
    traces: tuple[JsonValue, ...] = ()
    train: tuple[JsonValue, ...] = ()
    lm: None = None
    fields: dict[str, JsonValue] = Field(default_factory=dict, max_length=0)


class ChoiceState(Record):
    """How a program chooses among its demonstrations at every question: the `k` nearest that fit into `room` tokens."""

    k: int = Field(ge=1)
    room: int | None


_STATE = TypeAdapter(dict[str, PredictorState | ChoiceState])


def read(state: str) -> dict[str, PredictorState]:
    """Return the predictors of a state by name. Raises ValueError (pydantic's ValidationError) where it is no such."""
    parts = _STATE.validate_json(state)
    return {name: part for name, part in parts.items() if isinstance(part, PredictorState)}


def names(state: str) -> set[str]:
    """Return the names of all parts of a state, predictors and others. Raises ValueError as `read` does."""
    return set(_STATE.validate_json(state))
