"""A claim, and how it is judged."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from dspysota.claims import pairing, watching
from dspysota.claims.sequential import SHARE, SequentialTest, Stop
from dspysota.claims.verdict import Criterion, Outcome, Verdict
from dspysota.claims.witness import told
from dspysota.errors import ConfigError, RunError
from dspysota.records import Costs, Published, Run, Versus

MOST = 2.0
"""Largest ratio that can be claimed; beyond lies what was meant in percent."""

QUOTED = (
    "A published number ({source}) can be quoted beside a run, and decides nothing: it comes from another harness, "
    "and says nothing of single examples. An assertion against it cannot pass."
)

LEANING = (
    "{name} was ended early by another claim, after {asked:,} of {rows:,} examples: when it ended depended on its "
    "answers, so its ratio leans, and decides nothing here."
)


@dataclass(frozen=True, kw_only=True)
class Claim:
    """What a run is to show against a reference: `assert run.vs(reference) >= Claim(quality=0.9, cost=0.05)`.

    quality   least ratio of mean scores, such as 0.9 for 90% of the reference's; None: not claimed
    cost      most ratio of dollars a question, such as 0.05; None: not claimed
    alpha     error rate: how often, at most, a claim that is false may PASS, and one that is true may FAIL
    metric    whose scores are compared; None takes the task's primary metric

    A claim passes when all of its criteria do, each tested at alpha: the intersection-union test needs no correction
    (R. L. Berger 1982, "Multiparameter hypothesis testing and acceptance sampling", Technometrics 24:295-300). It fails
    when one of them fails; so that a true claim of k criteria does not fail too often, that is tested at alpha / k.

    Raises ConfigError for a claim that names nothing, or a ratio or error rate that makes no sense.
    """

    quality: float | None = None
    cost: float | None = None
    alpha: float = 0.05
    metric: str | None = None

    def __post_init__(self) -> None:
        if self.quality is None and self.cost is None:
            raise ConfigError("A claim must name a quality, a cost or both, such as Claim(quality=0.9, cost=0.05).")
        for name in ("quality", "cost"):
            ratio = getattr(self, name)
            if ratio is not None and not (_number(ratio) and 0 < ratio <= MOST):
                raise ConfigError(
                    f"Claim {name}={ratio!r} is no ratio to a reference; it must be above 0 and at most {MOST:g}, "
                    "such as 0.9 for 90%."
                )
        if not (_number(self.alpha) and 0 < self.alpha < 0.5):
            raise ConfigError(
                f"Claim alpha={self.alpha!r} is no error rate; it must lie between 0 and 0.5, as 0.05 does."
            )

    def sequential(self, *, stop: Stop = "decided", share: float = SHARE) -> SequentialTest:
        """A test of the claimed quality that may end a run early; hand it to `judge` afterwards, whatever it said.

        Where the claim names a cost, too, its test is made on the questions up to the end, with what is left of the
        error rate. Raises ConfigError when the claim names no quality.
        """
        if self.quality is None:
            raise ConfigError("Only a claim on quality can be decided early; this one names a cost alone.")
        return SequentialTest(self.quality, self._alphas, stop=stop, share=share)

    def judge(self, versus: Versus, sequential: SequentialTest | None = None) -> Verdict:
        """The verdict. The same runs and costs give the same one.

        With a sequential test that watched the run, its decision stands, and rests on the questions that it counted;
        where it decided nothing, the test on all questions has what it left of the error rate. A run that says that
        this claim watched it needs no such test at hand: it is repeated from the scores. A run that another claim
        ended early is described, and decides nothing.

        Raises RunError, naming the difference, when the runs did not answer the same examples, and when the claim names
        a cost and one is unknown; ConfigError when the task has no such metric.
        """
        metric = self._metric(versus.runs[0])
        if isinstance(versus.reference, Published):
            return self._described(versus, versus.reference, metric)
        sequential = sequential or watching.repeated(self, versus, metric)
        if sequential is None and versus.runs[0].ended_early:
            return self._leaning(versus, versus.reference, metric)
        whole = runs, references = versus.runs, versus.reference
        if sequential is not None:
            runs, references = pairing.watched(runs, references, metric, sequential)
        pairing.check(runs, references)
        criteria = tuple(self._criteria((runs, references), whole, metric, versus.costs, sequential))
        if any(run.info.provenance == "published" for run in (*runs, *references)):
            criteria = tuple(replace(one, outcome=Outcome.DESCRIPTIVE, more=None) for one in criteria)
        return self._verdict(versus, references[0], criteria, _notes(runs, references, sequential))

    def __le__(self, versus: object) -> Verdict:
        """The verdict, which is true when it is PASS. Python asks this for `run.vs(reference) >= claim`."""
        if not isinstance(versus, Versus):
            return NotImplemented
        return told(self.judge(versus))

    def _verdict(
        self, versus: Versus, reference: Run | Published, criteria: Sequence[Criterion], notes: Iterable[str]
    ) -> Verdict:
        info = None if isinstance(reference, Published) else reference.info
        references = () if isinstance(versus.reference, Published) else versus.reference
        return Verdict(
            outcome=_joined([one.outcome for one in criteria]),
            run=_named(versus.runs),
            seeds=len(versus.runs),
            run_provenance=versus.runs[0].info.provenance,
            run_key=versus.runs[0].info.key,
            reference=_named(references) if references else reference.name,
            reference_seeds=max(1, len(references)),
            reference_provenance=info.provenance if info else "published",
            reference_key=info.key if info else "",
            alpha=self.alpha,
            criteria=tuple(criteria),
            policy=versus.policy,
            notes=(*versus.notes, *notes),
        )

    @property
    def _alphas(self) -> tuple[float, float]:
        """Error rates of PASS and FAIL of one criterion: what a FAIL may err is shared between the criteria."""
        return self.alpha, self.alpha / sum(bar is not None for bar in (self.quality, self.cost))

    def _criteria(
        self,
        sides: tuple[Sequence[Run], Sequence[Run]],
        whole: tuple[Sequence[Run], Sequence[Run]],
        metric: str,
        costs: Costs | None,
        sequential: SequentialTest | None,
    ) -> Iterator[Criterion]:
        from dspysota.claims import criteria  # late: numpy and scipy take a while

        order = [case.case_id for case in sides[0][0].cases]
        if sequential is not None and sequential.outcome is not None:
            yield criteria.stopped(sequential, metric=metric)
        elif self.quality is not None:
            alphas = sequential.rest if sequential else self._alphas
            mine, theirs = (pairing.score_table(side, metric, order) for side in sides)
            yield criteria.quality(mine, theirs, self.quality, metric=metric, alphas=alphas)
        if self.cost is not None:
            # Costs are known by the whole runs, of which an early end may have left a part.
            mine, theirs = (pairing.cost_table(side, costs, order) for side in whole)
            # An early end is not independent of what answers cost; the share kept back makes up for it.
            alphas = sequential.rest if sequential and sequential.outcome else self._alphas
            unit = pairing.cost_unit((*whole[0], *whole[1]), costs)
            yield criteria.cost(mine, theirs, self.cost, alphas=alphas, unit=unit)

    def _metric(self, run: Run) -> str:
        metric = self.metric or run.info.primary
        if metric not in run.info.metrics:
            raise ConfigError(
                f"Claim metric={metric!r} does not fit {run.info.task}, which has no such metric; "
                f"it has {', '.join(run.info.metrics)}."
            )
        return metric

    def _leaning(self, versus: Versus, references: Sequence[Run], metric: str) -> Verdict:
        """Runs that another claim ended early: estimates alone, since the moment of the end would fool a test."""
        sides = watching.cut(versus.runs, references)
        pairing.check(*sides)
        run = versus.runs[0]
        note = LEANING.format(name=run.name, asked=len(run.cases), rows=run.info.data.rows)
        quality = replace(self, cost=None)._criteria(sides, sides, metric, None, None) if self.quality else ()
        untested = [
            replace(one, outcome=Outcome.DESCRIPTIVE, interval=None, p_pass=None, p_fail=None, more=None)
            for one in quality
        ]
        return self._verdict(versus, references[0], untested, [note])

    def _described(self, versus: Versus, published: Published, metric: str) -> Verdict:
        runs = versus.runs
        if published.metric != metric:
            raise RunError(
                f"{runs[0].name} is scored by {metric}, the published {published.name} by {published.metric}; "
                "scores of different metrics have no ratio."
            )
        notes = [QUOTED.format(source=published.source)]
        if self.cost is not None:
            notes.append(f"Nothing is known of what {published.name} cost.")
        criteria = () if self.quality is None else (_quoted(runs, published, metric, self.quality),)
        return self._verdict(versus, published, criteria, notes)


def _quoted(runs: Sequence[Run], published: Published, metric: str, bar: float) -> Criterion:
    value = fmean(run.score(metric) for run in runs)
    return Criterion(
        name="quality",
        unit=metric,
        outcome=Outcome.DESCRIPTIVE,
        bar=bar,
        value=value,
        reference_value=published.score,
        ratio=value / published.score if published.score > 0 else None,
        n=len(runs[0].cases),
    )


def _joined(outcomes: Sequence[Outcome]) -> Outcome:
    """PASS when all pass, FAIL when one fails; DESCRIPTIVE when none was decided by a test."""
    if not outcomes or Outcome.DESCRIPTIVE in outcomes:
        return Outcome.DESCRIPTIVE
    if all(outcome is Outcome.PASS for outcome in outcomes):
        return Outcome.PASS
    return Outcome.FAIL if Outcome.FAIL in outcomes else Outcome.INCONCLUSIVE


def _notes(runs: Sequence[Run], references: Sequence[Run], sequential: SequentialTest | None) -> Iterator[str]:
    for run in (*runs, *references):
        if run.errors:
            yield f"{run.errors:,} of {len(run.cases):,} questions of {run.name} brought no answer and count as zero."
    yield from _on_the_end(runs[0], sequential)
    for side in (runs, references):
        if len(side) > 1 and _alike(side):
            yield (
                f"All {len(side)} seeds of {side[0].unseeded} came to one program, which is asked greedily: their "
                "spread says nothing of how programs differ."
            )
    if len(runs) == 2 or len(references) == 2:
        yield "Two seeds say little of how seeds differ, and decide little; three or more are better."


def _on_the_end(run: Run, sequential: SequentialTest | None) -> Iterator[str]:
    """What came of an early end, or of watching for one."""
    rows, asked = run.info.data.rows, len(run.cases)
    if sequential is not None and sequential.outcome is not None:
        yield f"The sequential test ended the run after {asked:,} of {rows:,} examples; its bounds hold at any time."
    elif sequential is not None:
        spent, rest = max(sequential.spent), min(sequential.rest)
        yield (
            f"The run was watched, so that it could end early: that took {spent:.2%} of the error rate, and left "
            f"{rest:.2%} for the test on all examples."
        )
    elif asked < rows:
        yield f"Only {asked:,} of {rows:,} examples were answered; were they not the first, the verdict may lean."


def _named(runs: Sequence[Run]) -> str:
    return runs[0].name if len(runs) == 1 else runs[0].unseeded


def _alike(runs: Sequence[Run]) -> bool:
    greedy = all(run.info.sampling.get("temperature") == 0 for run in runs)
    return greedy and len({run.info.compile.identity for run in runs}) == 1


def _number(value: object) -> bool:
    # YAML's `yes` is a bool, and a bool is an int.
    return isinstance(value, int | float) and not isinstance(value, bool)
