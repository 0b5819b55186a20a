"""A running OpenAI-compatible server of one model."""

from __future__ import annotations

from dataclasses import dataclass, field

from dspysota.records import ModelInfo


@dataclass(frozen=True)
class Endpoint:
    """Where a model answers. `base_url` ends in its version (`…/v1`); the key is never part of the repr."""

    base_url: str
    served_name: str
    api_key: str | None = field(repr=False)
    info: ModelInfo
