"""What became of a claim, criterion by criterion, and how it is said."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from dspysota.records import Policy, Provenance, amount
from dspysota.stats import Interval


class Outcome(StrEnum):
    """What the evidence says of a claim."""

    PASS = "PASS"
    """The claim holds."""
    FAIL = "FAIL"
    """It does not."""
    INCONCLUSIVE = "INCONCLUSIVE"
    """So many examples say neither."""
    DESCRIPTIVE = "DESCRIPTIVE"
    """There is nothing to decide by: the reference is a published number, or another claim ended the run early."""


@dataclass(frozen=True, kw_only=True)
class Criterion:
    """One of the ratios that a claim names: estimate, interval, test and decision."""

    name: str
    """`quality` or `cost`."""
    unit: str
    """What is compared: the metric's name, `$ a question` or `FLOP a question`.

    The first word of a cost's unit is what its amounts are in."""
    outcome: Outcome
    bar: float
    """Ratio claimed: quality at least, cost at most."""
    value: float
    """Mean of the run."""
    reference_value: float | None
    """Mean of the reference; None where a published one says nothing of it."""
    ratio: float | None
    """Their quotient; None where the reference's mean is 0 or unknown."""
    interval: Interval | None = None
    """Ratios that the test does not reject. The end that a PASS depends on errs as often as `Verdict.alpha`, the other
    end so much less often as there are criteria. None without a test."""
    p_pass: float | None = None
    """p-value of "the claim holds"; None without a test."""
    p_fail: float | None = None
    """p-value of "the claim does not hold", before it is compared with alpha over the number of criteria."""
    n: int = 0
    """Examples."""
    more: int | None = None
    """INCONCLUSIVE only: further examples that would probably (80%) settle it, were the observed ratio the true one;
    None where the observed ratio lies at the margin."""

    def sentence(self) -> str:
        """The criterion in one line."""
        return f"{self.name} {self.outcome}: {self.evidence()}"

    def evidence(self) -> str:
        """What the outcome rests on: both means, their ratio with its interval, the p-value, the examples."""
        return "; ".join(self._parts())

    def _parts(self) -> Iterator[str]:
        bound = "at least" if self.name == "quality" else "at most"
        what, _, each = self.unit.partition(" ")
        if self.name == "cost":
            yield f"{amount(self.value, what)} against {amount(self.reference_value, what)} {each}"
        else:
            other = "unknown" if self.reference_value is None else f"{self.reference_value:.3f}"
            yield f"{self.unit} {self.value:.3f} against {other}"
        if self.ratio is None:
            yield f"no ratio to compare with the claimed {self.bar:g}"
        else:
            interval = f" ({self.interval.low:.3f}..{self.interval.high:.3f})" if self.interval else ""
            yield f"ratio {self.ratio:.3f}{interval}, claimed {bound} {self.bar:g}"
        if self.p_pass is not None and self.p_fail is not None:
            p = self.p_fail if self.outcome is Outcome.FAIL else self.p_pass
            yield f"p {'< 0.001' if p < 0.001 else f'= {p:.3f}'}, {self.n:,} {'example' if self.n == 1 else 'examples'}"
        if self.outcome is Outcome.INCONCLUSIVE:
            yield self._more()

    def _more(self) -> str:
        if self.ratio is None:
            return "more examples may bring one"
        if self.more is None:
            return "the observed ratio is so near that a hundred times as many examples would probably not settle it"
        return f"about {rounded(self.more):,} more examples would probably settle it, were this the true ratio"


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """A claim judged. True when the outcome is PASS; with `lenient` when it is INCONCLUSIVE, too.

    Without `gate` it is true whenever the claim was judged at all, and so fails no assertion; its words stay the same.
    """

    outcome: Outcome
    run: str
    run_provenance: Provenance
    reference: str
    """Name of the reference that the claim was judged against."""
    reference_provenance: Provenance
    alpha: float
    """How often the verdict may be PASS though the claim is false, or FAIL though it is true."""
    criteria: tuple[Criterion, ...]
    notes: tuple[str, ...] = ()
    """What a reader should know besides, in sentences."""
    policy: Policy | None = None
    """How the reference was chosen, where a policy chose it."""
    run_key: str = ""
    reference_key: str = ""
    """Keys of the two runs; empty where there is none."""
    seeds: int = 1
    """Runs of the candidate's program, each prepared with a seed of its own; their spread is part of the intervals."""
    reference_seeds: int = 1
    """The same of the reference's."""
    lenient: bool = False
    """Whether whoever asked takes an undecided claim for no failure (`--sota-inconclusive=warn`)."""
    gate: bool = True
    """False where whoever asked wants to be told, and no test to fail for it (`gate: false` in a profile's claim)."""

    def __bool__(self) -> bool:
        if not self.gate:
            return self.outcome is not Outcome.DESCRIPTIVE
        return self.outcome is Outcome.PASS or (self.lenient and self.outcome is Outcome.INCONCLUSIVE)

    @property
    def more(self) -> int | None:
        """INCONCLUSIVE only: further examples that would probably settle all that is open; None where none would."""
        if self.outcome is not Outcome.INCONCLUSIVE:
            return None
        open_ones = [one.more for one in self.criteria if one.outcome is Outcome.INCONCLUSIVE]
        known = [more for more in open_ones if more is not None]
        return max(known) if known and len(known) == len(open_ones) else None

    def sentences(self) -> list[str]:
        """The verdict, what it rests on, and what to know besides: a line each."""
        return [f"{self.outcome}: {self.sides}", *(one.sentence() for one in self.criteria), *self.notes]

    @property
    def sides(self) -> str:
        """What was compared with what, where each comes from, and how often such a verdict errs."""
        how = f"{self.policy}, " if self.policy else ""
        rate = "" if self.outcome is Outcome.DESCRIPTIVE else f", error rate {self.alpha:.0%}"
        run = over(self.run, self.seeds)
        return f"{run} ({self.run_provenance}) against {self.against} ({how}{self.reference_provenance}){rate}"

    @property
    def against(self) -> str:
        """The reference's name behind that of the run: both answered the same questions, which is said once."""
        data = f"{self.run.partition(' · ')[0]} · "
        name = self.reference.removeprefix(data) if self.run.startswith(data) else self.reference
        return over(name, self.reference_seeds)

    def criterion(self, name: str) -> Criterion | None:
        """The criterion `quality` or `cost`, where the claim names it."""
        return next((one for one in self.criteria if one.name == name), None)

    def __repr__(self) -> str:
        """One line, since it is what pytest shows of `assert verdict`."""
        return f"<Verdict {'; '.join(self.sentences())}>"

    def __str__(self) -> str:
        """The sentences, a line each."""
        return "\n".join(self.sentences())


def over(name: str, seeds: int) -> str:
    """The name of runs that differ by seed alone.

    >>> over("gsm8k · phi-2 · cot · bootstrap", 3), over("gsm8k · phi-2 · cot · zero_shot", 1)
    ('gsm8k · phi-2 · cot · bootstrap over 3 seeds', 'gsm8k · phi-2 · cot · zero_shot')
    """
    return f"{name} over {seeds} seeds" if seeds > 1 else name


def rounded(n: int) -> int:
    """Two digits are all that the estimate is good for."""
    unit = int("1" + "0" * max(0, len(str(n)) - 2))
    return -(-n // unit) * unit
