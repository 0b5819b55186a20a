"""Reads the shipped scores that others published: to be quoted beside a run, never to decide by."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal

import yaml
from pydantic import Field, ValidationError

from dspysota.errors import ConfigError
from dspysota.records import Published, Record

SHIPPED = Path(__file__).with_name("published.yaml")


class PublishedScore(Record):
    """One published score, and where it stands."""

    model: str
    """Name in the catalog of models."""
    task: str
    metric: str
    """What the source measured, in its own way; the name of one of our metrics only where it is that very metric."""
    score: float = Field(ge=0, le=1)
    protocol: str
    """Shots, and how the model was asked."""
    source: str
    """Paper, model card or page."""
    table: str = ""
    read: Literal["primary", "copy"]
    """Whether the text of the source itself was read, or a copy of its table."""
    note: str = ""

    def record(self) -> Published:
        """The score as a reference that can be put beside a run."""
        copied = " (read in a copy)" if self.read == "copy" else ""
        return Published(
            name=f"{self.model}, {self.protocol}",
            metric=self.metric,
            score=self.score,
            source=f"{', '.join(filter(None, (self.source, self.table)))}{copied}",
            note=self.note,
        )


def published(task: str, model: str) -> tuple[PublishedScore, ...]:
    """What is published of a model on a task, in the order of the file; nothing for most. Raises ConfigError."""
    return tuple(one for one in published_scores() if (one.task, one.model) == (task, model))


@cache
def published_scores(path: Path = SHIPPED) -> tuple[PublishedScore, ...]:
    """All scores of the file. Raises ConfigError naming the entry and what is wrong with it."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError, OSError) as error:
        raise ConfigError(f"{path} cannot be read as YAML: {' '.join(str(error).split())}.") from error
    entries = content.get("scores") if isinstance(content, dict) else None
    if not isinstance(entries, list):
        raise ConfigError(f"{path} has no list `scores:` at its top.")
    scores = tuple(_score(path, place, entry) for place, entry in enumerate(entries))
    seen: dict[tuple[str, ...], int] = {}
    for place, one in enumerate(scores):
        first = seen.setdefault((one.model, one.task, one.metric, one.protocol, one.source), place)
        if first != place:
            raise ConfigError(f"{path}: scores[{place}] repeats scores[{first}]; keep one.")
    return scores


def _score(path: Path, place: int, entry: object) -> PublishedScore:
    try:
        return PublishedScore.model_validate(entry)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        field = ".".join(map(str, fault["loc"])) or "entry"
        raise ConfigError(
            f"{path}: scores[{place}], {field}: {fault['msg']} (it is {fault['input']!r}); "
            f"the fields are {', '.join(PublishedScore.model_fields)}."
        ) from error
