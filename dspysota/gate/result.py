"""What came of comparing runs with their baselines: plain records, from which every report is made."""

from __future__ import annotations

from enum import StrEnum

from dspysota.gate.rules import Kind
from dspysota.records import Record


class Word(StrEnum):
    """A finding in one word."""

    OK = "OK"
    """No worse than the rule allows, or not beyond noise."""
    BETTER = "BETTER"
    """Better, and beyond noise."""
    WORSE = "WORSE"
    """Worse than the rule allows and, unless the gate is strict, beyond noise."""
    NEW = "NEW"
    """The baseline has nothing to compare it with."""
    GONE = "GONE"
    """The baseline has it, and this session was to measure it and did not."""
    REFUSED = "REFUSED"
    """It cannot be compared; the sentence says why."""


ORDER = (Word.WORSE, Word.GONE, Word.REFUSED, Word.NEW, Word.BETTER, Word.OK)
"""From what a reader must see first to what may wait."""


class Change(Record):
    """One metric of a run beside its baseline's. What is unknown is None, never 0.

    `change` is the difference for scores (in -1..1) and errors (cases), and the ratio minus 1 otherwise; `low` and
    `high` are the ends of its 95% interval, None where there is none. `n` examples are in both.
    """

    metric: str
    kind: Kind
    n: int
    value: float | None
    baseline: float | None
    change: float | None = None
    low: float | None = None
    high: float | None = None

    @property
    def more_is_better(self) -> bool:
        """Whether a rise is good news."""
        return self.kind == "score"

    @property
    def beyond_noise(self) -> int:
        """1 for a change for the better whose interval leaves 0 out, -1 for the worse, 0 for what may be noise."""
        if self.low is None or self.high is None:
            return 0
        rise = (self.low > 0) - (self.high < 0)
        return rise if self.more_is_better else -rise


class Flip(Record):
    """An example that earned full marks on one side only. Its question is empty where neither side kept it."""

    case_id: str
    question: str = ""


class Difference(Record):
    """Something that is not the same on both sides, in words."""

    what: str
    baseline: str
    run: str

    def __str__(self) -> str:
        """The difference in a phrase."""
        return f"{self.what} ({self.baseline} -> {self.run})"


class Finding(Record):
    """One rule applied to one run, or, where no rule is named, what is to be said of the run as a whole."""

    word: Word
    sentence: str
    metric: str | None = None
    rule: str | None = None
    fails: bool = False
    """Whether it turns the gate red."""


class Pairing(Record):
    """A run and its baseline: what changed, what the rules say, which examples flipped, what else differs.

    `run_key` is None for one that is GONE, `baseline_key` for one that is NEW.
    """

    name: str
    run_key: str | None
    baseline_key: str | None
    changes: tuple[Change, ...] = ()
    findings: tuple[Finding, ...] = ()
    lost: tuple[Flip, ...] = ()
    """Full marks in the baseline, and no more."""
    won: tuple[Flip, ...] = ()
    """Full marks now, and not in the baseline."""
    differences: tuple[Difference, ...] = ()

    @property
    def word(self) -> Word:
        """The most urgent word of its findings; OK without any."""
        return min((finding.word for finding in self.findings), key=ORDER.index, default=Word.OK)

    @property
    def fails(self) -> bool:
        """Whether one of its findings turns the gate red."""
        return any(finding.fails for finding in self.findings)


class Gate(Record):
    """The gate's decision on a session, or on the second of two folders."""

    baseline: str
    """How the user named it."""
    rules: tuple[str, ...]
    strict: bool = False
    runs: tuple[Pairing, ...] = ()
    notes: tuple[str, ...] = ()
    """What a reader should know besides, in sentences."""
    undecided: str = ""
    """Why nothing was decided, where nothing was."""

    @property
    def red(self) -> bool:
        """Whether anything fails."""
        return bool(self.undecided) or any(pairing.fails for pairing in self.runs)

    @property
    def compared(self) -> bool:
        """Whether at least one run had a baseline to be compared with."""
        return any(one.run_key and one.baseline_key and one.word is not Word.REFUSED for one in self.runs)

    @property
    def counts(self) -> dict[Word, int]:
        """Number of runs by their most urgent word, most urgent first; only words that occur."""
        words = [pairing.word for pairing in self.runs]
        return {word: words.count(word) for word in ORDER if word in words}
