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


_STATE = TypeAdapter(dict[str, PredictorState])


def read(state: str) -> dict[str, PredictorState]:
    """Return the predictors of a state by name. Raises ValueError (pydantic's ValidationError) where it is no such."""
    return _STATE.validate_json(state)
