"""What the reports say of claims: the verdicts of tests, and each candidate beside its reference under every policy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from dspysota import costs
from dspysota.claims import Claim, Criterion, Outcome, Verdict
from dspysota.claims.references import POLICIES, Asked, Found, find
from dspysota.claims.verdict import over, rounded
from dspysota.errors import SotaError
from dspysota.records import Policy, Run
from dspysota.report.meta import Decision, Quote, ReportMeta, Terms

ORDER = (Outcome.FAIL, Outcome.INCONCLUSIVE, Outcome.DESCRIPTIVE, Outcome.PASS)
"""What needs attention comes first."""

PLAIN = Claim(quality=1.0, alpha=0.025)
"""Gives a ratio with its two-sided 95% interval, where nothing is claimed."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """A candidate beside the reference of one policy."""

    policy: Policy
    used: bool
    """Whether it is the one that the claim is about."""
    word: str
    """The verdict where a test asserted the claim, `descriptive` where none did, `not measured` or `not judged`."""
    said: str

    @property
    def sentence(self) -> str:
        """The line in words."""
        whose = ", the claim's" if self.used else ""
        return f"{self.policy}{whose}: {self.word}{f'; {self.said}' if self.said else ''}"


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """Runs of another model than the reference's, that differ by seed alone, with a line for each policy."""

    runs: tuple[Run, ...]
    lines: tuple[Line, ...]

    @property
    def run(self) -> Run:
        """The first of them: as a rule the only one."""
        return self.runs[0]

    @property
    def name(self) -> str:
        """What they are called."""
        return over(self.run.unseeded, len(self.runs)) if len(self.runs) > 1 else self.run.name

    def claimed(self, verdict: Verdict) -> bool:
        """Whether a verdict is about them."""
        return any(verdict.run_key == run.info.key for run in self.runs)


def decisions(meta: ReportMeta) -> list[Decision]:
    """The asserted claims, those that need attention first."""
    return sorted(meta.verdicts, key=lambda one: ORDER.index(one.verdict.outcome))


def first(verdicts: Sequence[Verdict]) -> Verdict:
    """Of one verdict or more the one that needs attention first."""
    return min(verdicts, key=lambda one: ORDER.index(one.outcome))


def of_runs(runs: Sequence[Run], meta: ReportMeta) -> dict[str, tuple[Decision, ...]]:
    """By the keys of runs the claims that were asserted of them, those that need attention first.

    A claim on runs that differ by seed alone is about all of them.
    """
    found: dict[str, list[Decision]] = {}
    groups = of_seeds(runs) if any(one.verdict.seeds > 1 for one in meta.verdicts) else []
    for one in decisions(meta):
        about = {one.verdict.run_key}
        for group in groups if one.verdict.seeds > 1 else ():
            keys = {run.info.key for run in group}
            about |= keys if about & keys else set()
        for key in about:
            found.setdefault(key, []).append(one)
    return {key: tuple(made) for key, made in found.items()}


def headline(meta: ReportMeta) -> str:
    """How the claims came out, in a few words; empty without any.

    >>> headline(ReportMeta(command=""))
    ''
    """
    outcomes = [one.verdict.outcome for one in meta.verdicts]
    if not outcomes:
        return ""
    if len(outcomes) == 1:
        return f"The claim: {outcomes[0]}"
    return "Claims: " + ", ".join(f"{outcomes.count(one)} {one}" for one in ORDER if one in outcomes)


def summed_up(verdict: Verdict) -> str:
    """The verdict in one sentence behind its word: who against whom, and each ratio with what was claimed."""
    return f"{verdict.sides}: {ratios(verdict)}"


def ratios(verdict: Verdict) -> str:
    """Each ratio with what was claimed, and what would settle it."""
    alone = len(verdict.criteria) == 1
    said = [_ratio(one) if alone else f"{_ratio(one)}: {one.outcome}" for one in verdict.criteria]
    parts = said or list(verdict.notes[:1])
    more = f"; about {rounded(verdict.more):,} more examples would probably settle it" if verdict.more else ""
    return f"{'; '.join(parts)}{more}"


def candidates(runs: Sequence[Run], meta: ReportMeta) -> tuple[Candidate, ...]:
    """Every run that has a reference to stand beside, in the order of the runs; those of several seeds together."""
    return tuple(
        Candidate(runs=group, lines=tuple(_lines(group, terms, runs, meta)))
        for group in of_seeds(run for run in runs if run.cases)
        for terms in meta.terms
        if group[0].info.task == terms.reference.task and group[0].info.model.name != terms.reference.model
    )


def of_seeds(runs: Iterable[Run]) -> list[tuple[Run, ...]]:
    """Runs in groups of those that differ by seed alone, whole ones; any other is a group of its own."""
    groups: dict[tuple[object, ...], list[Run]] = {}
    for place, run in enumerate(runs):
        info = run.info
        who = (info.model.name, info.origin or info.model.base_url, info.compile.teacher, info.provenance)
        names = (info.task, info.data.digest, info.program, info.approach, info.adapter, *who)
        known = groups.setdefault(names, [])
        alone = len(run.cases) < info.data.rows or any(info.seed == one.info.seed for one in known)
        (groups.setdefault((place,), []) if alone else known).append(run)
    return [tuple(group) for group in groups.values() if group]


def quoted(quote: Quote) -> str:
    """A published score in words that let nobody take it for a measurement."""
    one = quote.published
    note = f" {one.note}" if one.note else ""
    return (
        f"published, not measured here: {one.name}: {one.metric} {one.score:.3f} on {quote.task}, by {one.source}; "
        f"another harness, so no ratio is made of it.{note}"
    )


def _lines(group: tuple[Run, ...], terms: Terms, runs: Sequence[Run], meta: ReportMeta) -> Iterator[Line]:
    info = group[0].info
    asked = Asked(
        program=info.program,
        approach=info.approach,
        adapter=info.adapter,
        data=info.data.digest,
        teacher=info.compile.teacher,
        seeds=tuple(run.info.seed for run in group),
    )
    keys = {run.info.key for run in group}
    mine = [one.verdict for one in meta.verdicts if one.verdict.run_key in keys]
    made = {one.policy: one for one in mine if _bars(one) == (terms.quality, terms.cost)}
    for policy in POLICIES:
        used = policy == terms.policy and terms.claim() is not None
        if policy in made:
            yield Line(policy=policy, used=used, word=str(made[policy].outcome), said=_said(made[policy]))
            continue
        found = find(policy, terms.reference, asked, runs)
        if found is None:
            yield Line(policy=policy, used=used, word="not measured", said="")
        else:
            yield _line(group, terms.claim() if made else None, policy, found, used=used)


def _bars(verdict: Verdict) -> tuple[float | None, float | None]:
    quality, cost = verdict.criterion("quality"), verdict.criterion("cost")
    return quality.bar if quality else None, cost.bar if cost else None


def _line(group: tuple[Run, ...], claim: Claim | None, policy: Policy, found: Found, *, used: bool) -> Line:
    try:
        verdict = _judged(claim or PLAIN, group, policy, found)
    except SotaError as error:
        return Line(policy=policy, used=used, word="not judged", said=str(error))
    word = str(verdict.outcome) if claim else "descriptive"
    # How the reference was chosen, and why nothing is decided; the rest belongs to a verdict of its own.
    notes = verdict.notes if claim and verdict.outcome is Outcome.DESCRIPTIVE else found.notes
    return Line(policy=policy, used=used, word=word, said=_said(verdict, claimed=claim is not None, notes=notes))


def _judged(claim: Claim, group: tuple[Run, ...], policy: Policy, found: Found) -> Verdict:
    first, *others = group
    versus = first.vs(found.runs, seeds=others, costs=costs.of_run, policy=policy, notes=found.notes)
    try:
        return claim.judge(versus)
    except SotaError as error:
        if claim.cost is None or claim.quality is None:
            raise
        # Without its cost the claim is open, but how good the run is can be said.
        verdict = replace(claim, cost=None).judge(versus)
        return replace(verdict, outcome=Outcome.DESCRIPTIVE, notes=(*verdict.notes, str(error)))


def _said(verdict: Verdict, *, claimed: bool = True, notes: Sequence[str] = ()) -> str:
    against = f"against {verdict.against} ({verdict.reference_provenance})"
    return "; ".join([against, *(_ratio(one, claimed=claimed) for one in verdict.criteria), *notes])


def _ratio(one: Criterion, *, claimed: bool = True) -> str:
    bound = f", claimed {'at least' if one.name == 'quality' else 'at most'} {one.bar:g}" if claimed else ""
    if one.ratio is None:
        return f"{one.name} has no ratio{bound}"
    interval = f" ({one.interval.low:.3f}..{one.interval.high:.3f})" if one.interval else ""
    return f"{one.name} ratio {one.ratio:.3f}{interval}{bound}"
