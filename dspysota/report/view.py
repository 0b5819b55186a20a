"""The numbers of a run that every kind of report shows, computed once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from dspysota.costs import Summary, dollars, known, summary
from dspysota.latency import Latency, of_run
from dspysota.records import Failure, Run
from dspysota.report import verdicts
from dspysota.report.meta import Decision, Outcome, ReportMeta
from dspysota.stats import Interval, mean_interval


@dataclass(frozen=True)
class Metric:
    """Mean of one metric over a run's cases, with its 95% interval."""

    name: str
    mean: float
    interval: Interval


@dataclass(frozen=True)
class RunView:
    """One run in a report. Numbers are None where there are no cases, or the server did not say: never 0.

    `prompt`, `completion` and `cached` are tokens a question, `p50`, `p95` and `first_token` seconds a question,
    `rate` is questions and `token_rate` completion tokens per second of wall time.
    """

    number: int
    run: Run
    variant: str
    outcome: Outcome | None
    claims: tuple[Decision, ...]
    """What was claimed of the run, what needs attention first."""
    metrics: tuple[Metric, ...]
    failures: tuple[tuple[Failure, int], ...]
    prompt: float | None
    completion: float | None
    cached: float | None
    p50: float | None
    p95: float | None
    first_token: float | None
    rate: float | None
    token_rate: float | None
    latency: Latency

    @property
    def anchor(self) -> str:
        """The run's place in the page."""
        return f"run-{self.number}"

    @property
    def n(self) -> int:
        """Number of cases."""
        return len(self.run.cases)

    @property
    def named(self) -> str:
        """The run's name, with where its numbers come from unless they were measured, and whether it ended early."""
        info = self.run.info
        badges = [*([] if info.provenance == "measured" else [info.provenance]), *([self.ended] if self.ended else [])]
        return f"{self.run.name} ({', '.join(badges)})" if badges else self.run.name

    @property
    def ended(self) -> str:
        """Why not all rows were asked, where a decided claim is the reason; empty otherwise."""
        watch = self.run.info.watch
        return f"ended early: claim decided, {watch.outcome}" if watch and self.run.ended_early else ""

    @property
    def asked(self) -> str:
        """Number of cases, and of how many rows where the run ended before its last."""
        rows = self.run.info.data.rows
        return f"{self.n:,}" if self.n >= rows else f"{self.n:,}/{rows:,}"

    @property
    def primary(self) -> Metric | None:
        """The metric that `accuracy` means."""
        return next((metric for metric in self.metrics if metric.name == self.run.info.primary), None)

    @property
    def tokens(self) -> float | None:
        """Prompt and completion tokens a question."""
        return None if self.prompt is None or self.completion is None else self.prompt + self.completion

    @cached_property
    def costs(self) -> tuple[Summary, ...]:
        """What the run cost, by each basis that is known; the one that claims use first."""
        return tuple(summary(self.run, basis) for basis in known(self.run))

    @property
    def cost(self) -> Summary | None:
        """By the basis that the profile names; where it names none, by the only one in dollars that is known."""
        prices = self.run.info.prices
        basis = prices.basis if prices and prices.basis else dollars(self.run)
        return next((one for one in self.costs if one.basis == basis), None)

    @property
    def right(self) -> int:
        """Number of cases with full marks."""
        return sum(case.failure is None for case in self.run.cases)

    @property
    def verdict(self) -> str:
        """`passed`, `failed`, or `not judged` where no test judged the run by a bar."""
        return self.outcome.outcome if self.outcome else "not judged"

    @property
    def words(self) -> tuple[str, ...]:
        """The words of its claims' verdicts, each once."""
        return tuple(dict.fromkeys(str(one.verdict.outcome) for one in self.claims))

    @property
    def state(self) -> str:
        """`failed`, `inconclusive`, `not judged` or `passed`: the worst that its bar and its claims came to."""
        if self.verdict == "failed" or any(one.refuted for one in self.claims):
            return "failed"
        if "INCONCLUSIVE" in self.words:
            return "inconclusive"
        return "passed" if any(one.verdict for one in self.claims) else self.verdict


@dataclass(frozen=True)
class Report:
    """All runs of a report, failed ones first, then undecided ones, otherwise by data set and in the order given."""

    runs: tuple[RunView, ...]
    meta: ReportMeta

    def data_names(self) -> list[str]:
        """The data sets in order of appearance."""
        return list(dict.fromkeys(view.run.info.data.name for view in self.runs))

    def model_names(self) -> list[str]:
        """The models in order of appearance."""
        return list(dict.fromkeys(view.run.info.model.name for view in self.runs))


def view(runs: Sequence[Run], meta: ReportMeta) -> Report:
    """Order the runs for reading and compute their numbers."""
    names = list(dict.fromkeys(run.info.data.name for run in runs))

    def place(one: RunView) -> tuple[int, int]:
        rank = {"failed": 0, "inconclusive": 1}.get(one.state, 2)
        return rank, names.index(one.run.info.data.name)

    ordered = sorted(in_order(runs, meta).runs, key=place)
    return Report(runs=tuple(replace(one, number=i) for i, one in enumerate(ordered, 1)), meta=meta)


def in_order(runs: Sequence[Run], meta: ReportMeta) -> Report:
    """The same numbers, runs in the order given."""
    claims = verdicts.of_runs(runs, meta)
    views = (_run(i, run, runs, meta, claims.get(run.info.key, ())) for i, run in enumerate(runs, 1))
    return Report(runs=tuple(views), meta=meta)


def _run(number: int, run: Run, runs: Sequence[Run], meta: ReportMeta, claims: tuple[Decision, ...]) -> RunView:
    n, usage, latency = len(run.cases), run.usage, of_run(run)
    question, first = latency.question, latency.first_token
    return RunView(
        number=number,
        run=run,
        variant=_variant(run, runs),
        outcome=meta.outcomes.get(run.info.key),
        claims=claims,
        metrics=tuple(_metric(run, name) for name in run.info.metrics) if n else (),
        failures=tuple(run.failures().items()),
        prompt=_ratio(usage.prompt_tokens, n),
        completion=_ratio(usage.completion_tokens, n),
        cached=_ratio(usage.cached_tokens, n),
        p50=question.at(50) if question else None,
        p95=question.at(95) if question else None,
        first_token=first.at(50) if first else None,
        rate=latency.questions_per_second,
        token_rate=latency.completion_tokens_per_second,
        latency=latency,
    )


def _ratio(value: int | None, by: float) -> float | None:
    return value / by if value is not None and by > 0 else None


def _metric(run: Run, name: str) -> Metric:
    scores = run.scores(name)
    return Metric(name=name, mean=run.score(name), interval=mean_interval(scores))


def _variant(run: Run, runs: Sequence[Run]) -> str:
    """What tells this run from others of its model and data: approach, and program and adapter where they vary."""
    info = run.info
    programs = {other.info.program for other in runs if other.info.data.name == info.data.name}
    parts = [info.prepared]
    if len(programs) > 1:
        parts.append(info.program)
    if info.adapter != "plain":
        parts.append(info.adapter)
    if info.own_seed:
        parts.append(f"seed {info.seed}")
    if info.provenance != "measured":
        parts.append(info.provenance)
    return " · ".join(parts)
