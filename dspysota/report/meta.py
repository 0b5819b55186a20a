"""What a report knows besides the runs: the command, and what the tests made of each run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from pydantic import Field, TypeAdapter, ValidationError

from dspysota.claims import Claim, Verdict
from dspysota.errors import RunError
from dspysota.gate import Gate
from dspysota.records import Policy, Published, Record, ReferenceCell

FILE = "outcomes.json"
"""Where `write_all` keeps the ReportMeta, so that a report can be rebuilt from its folder alone."""


class Outcome(Record):
    """What came of comparing one run with a threshold, in the test that did. `misses` are its sentences."""

    test: str = ""
    outcome: Literal["passed", "failed"]
    misses: tuple[str, ...] = ()


VERDICTS = TypeAdapter(list[Verdict])
"""Verdicts as plain JSON values, and back."""


class Decision(Record):
    """A claim that a test asserted, and what its verdict did to the test."""

    test: str
    verdict: Verdict
    outcome: Literal["passed", "failed", "inconclusive"]
    """Of the test: `inconclusive` where an undecided claim is all that failed it, or failed nothing by leave."""

    @property
    def failed(self) -> bool:
        """Whether the verdict failed its test, other than for being open: one that a test expected did not."""
        return self.outcome == "failed" and not self.verdict

    @property
    def refuted(self) -> bool:
        """Whether that is nobody's wish: it failed its test, or was to fail none; or nothing could be decided."""
        return self.told or (self.failed and str(self.verdict.outcome) != "INCONCLUSIVE")

    @property
    def told(self) -> bool:
        """Whether the claim is refuted and no test failed for it, since none was to."""
        return str(self.verdict.outcome) == "FAIL" and not self.verdict.gate


class Terms(Record):
    """What a profile claims of the candidates of a task, and which cell it calls the reference."""

    reference: ReferenceCell
    policy: Policy = "baseline"
    quality: float | None = None
    cost: float | None = None
    alpha: float = 0.05

    def claim(self) -> Claim | None:
        """The claim; None where the profile claims nothing, and lines are descriptive."""
        if self.quality is None and self.cost is None:
            return None
        return Claim(quality=self.quality, cost=self.cost, alpha=self.alpha)


class Quote(Record):
    """A published score of one of the profile's models on one of its tasks."""

    task: str
    model: str
    published: Published


class ReportMeta(Record):
    """The command that made the runs, a title, the outcome of each run by its key (runs without one count as not
    judged), for each test whose run could not be made the reason, and the same for each test that used runs and failed
    for another reason than a bar: of the runs themselves that says nothing. `missing` are the runs that could not be
    made, by the names of their cells: several tests may ask for one. `verdicts` are those of asserted claims,
    `terms` what the profile claims, by task, and `published` scores that others reported. `margins` are, by the keys of
    runs, the score differences that the profile's claim turns on: (1 - its quality ratio) times the reference's score.
    `gate` is the decision of the regression gate, None where no baseline was named.
    """

    command: str
    title: str = "dspysota report"
    outcomes: dict[str, Outcome] = Field(default_factory=dict)
    unmade: dict[str, str] = Field(default_factory=dict)
    missing: tuple[str, ...] = ()
    failed: dict[str, str] = Field(default_factory=dict)
    verdicts: tuple[Decision, ...] = ()
    terms: tuple[Terms, ...] = ()
    published: tuple[Quote, ...] = ()
    margins: dict[str, float] = Field(default_factory=dict)
    gate: Gate | None = None


def unmeasured(meta: ReportMeta) -> str:
    """How many runs could not be made, in words; empty where all could.

    >>> unmeasured(ReportMeta(command="", unmade={"a": "", "b": ""}, missing=("gsm8k phi-2-zero_shot",)))
    '1 run that 2 tests asked for could not be measured'
    >>> unmeasured(ReportMeta(command="", unmade={"a": ""}, missing=("gsm8k phi-2-zero_shot",)))
    '1 run could not be measured'
    """
    n, tests = len(meta.missing), len(meta.unmade)
    asking = "1 test" if tests == 1 else f"{tests} tests"
    runs = "1 run" if n == 1 else f"{n} runs"
    if not tests:
        return ""
    if not n:  # records of before runs were counted
        return f"the runs of {asking} could not be measured"
    return f"{runs} could not be measured" if n == tests else f"{runs} that {asking} asked for could not be measured"


def merged(metas: Sequence[ReportMeta]) -> ReportMeta:
    """What several reports know, for one of all their runs; of what is said twice the last counts."""
    titles = {meta.title for meta in metas}
    named: dict[str, object] = {"command": "", "title": titles.pop() if len(titles) == 1 else "dspysota report"}
    for field in ("outcomes", "unmade", "failed", "margins"):
        named[field] = {key: value for meta in metas for key, value in getattr(meta, field).items()}
    for field in ("verdicts", "terms", "published", "missing"):
        every = [one for meta in metas for one in getattr(meta, field)]
        named[field] = tuple(one for place, one in enumerate(every) if one not in every[:place])
    gates = [meta.gate for meta in metas if meta.gate is not None]
    gate = gates[0] if len(gates) == 1 else None  # of several, none decides on all runs
    return ReportMeta.model_validate({**named, "gate": gate})


def load_meta(folder: Path) -> ReportMeta | None:
    """The meta that `write_all` left in a run folder, or None. Raises RunError where it cannot be read."""
    path = folder / FILE
    if not path.exists():
        return None
    try:
        return ReportMeta.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise RunError(f"{str(path)!r} cannot be read as outcomes ({error}); delete it and run again.") from error
