"""What a report knows besides the runs: the command, and what the tests made of each run."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from dspysota.errors import RunError
from dspysota.gate import Gate
from dspysota.records import Record

FILE = "outcomes.json"
"""Where `write_all` keeps the ReportMeta, so that a report can be rebuilt from its folder alone."""


class Outcome(Record):
    """What came of comparing one run with a threshold, in the test that did. `misses` are its sentences."""

    test: str = ""
    outcome: Literal["passed", "failed"]
    misses: tuple[str, ...] = ()


class ReportMeta(Record):
    """The command that made the runs, a title, the outcome of each run by its key (runs without one count as not
    judged), for each test whose run could not be made the reason, and the same for each test that used runs and failed
    for another reason than a bar: of the runs themselves that says nothing. `gate` is the decision of the regression
    gate, None where no baseline was named."""

    command: str
    title: str = "dspysota report"
    outcomes: dict[str, Outcome] = Field(default_factory=dict)
    unmade: dict[str, str] = Field(default_factory=dict)
    failed: dict[str, str] = Field(default_factory=dict)
    gate: Gate | None = None


def load_meta(folder: Path) -> ReportMeta | None:
    """The meta that `write_all` left in a run folder, or None. Raises RunError where it cannot be read."""
    path = folder / FILE
    if not path.exists():
        return None
    try:
        return ReportMeta.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise RunError(f"{str(path)!r} cannot be read as outcomes ({error}); delete it and run again.") from error
