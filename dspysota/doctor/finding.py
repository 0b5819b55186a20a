"""One line of the doctor's report."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How serious a finding is: a fault stops experiments, a hint makes them slower or poorer."""

    OK = "ok"
    HINT = "hint"
    FAULT = "fault"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What was looked at, what was found, and the command that cures it (None where there is nothing to cure)."""

    subject: str
    level: Level
    text: str
    cure: str | None = None


def ok(subject: str, text: str) -> Finding:
    """All is well."""
    return Finding(subject=subject, level=Level.OK, text=text)


def hint(subject: str, text: str, cure: str | None = None) -> Finding:
    """Experiments run, but something could be better."""
    return Finding(subject=subject, level=Level.HINT, text=text, cure=cure)


def fault(subject: str, text: str, cure: str) -> Finding:
    """Experiments cannot run, or not as they should."""
    return Finding(subject=subject, level=Level.FAULT, text=text, cure=cure)
