"""The numbers of a run that every kind of report shows, computed once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dspysota.records import Failure, Run
from dspysota.report.meta import Outcome, ReportMeta
from dspysota.stats import Interval, mean_interval, percentile


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

    @property
    def anchor(self) -> str:
        """The run's place in the page."""
        return f"run-{self.number}"

    @property
    def n(self) -> int:
        """Number of cases."""
        return len(self.run.cases)

    @property
    def asked(self) -> str:
        """Number of cases, and of how many rows where the run was interrupted before its last."""
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

    @property
    def right(self) -> int:
        """Number of cases with full marks."""
        return sum(case.failure is None for case in self.run.cases)

    @property
    def verdict(self) -> str:
        """`passed`, `failed`, or `not judged` where no test judged the run."""
        return self.outcome.outcome if self.outcome else "not judged"


@dataclass(frozen=True)
class Report:
    """All runs of a report, failed ones first, otherwise by data set and in the order given."""

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

    def place(run: Run) -> tuple[bool, int]:
        outcome = meta.outcomes.get(run.info.key)
        return (outcome is None or outcome.outcome != "failed", names.index(run.info.data.name))

    ordered = sorted(runs, key=place)
    return Report(runs=tuple(_run(i, run, runs, meta) for i, run in enumerate(ordered, 1)), meta=meta)


def in_order(runs: Sequence[Run], meta: ReportMeta) -> Report:
    """The same numbers, runs in the order given."""
    return Report(runs=tuple(_run(i, run, runs, meta) for i, run in enumerate(runs, 1)), meta=meta)


def _run(number: int, run: Run, runs: Sequence[Run], meta: ReportMeta) -> RunView:
    n, wall = len(run.cases), run.info.wall_seconds
    # Second answers took of the same time.
    answered, written = n + len(run.again), (run.usage + run.again_usage).completion_tokens
    usage = run.usage
    seconds = [case.seconds for case in run.cases]
    first = [case.first_token_seconds for case in run.cases if case.first_token_seconds is not None]
    return RunView(
        number=number,
        run=run,
        variant=_variant(run, runs),
        outcome=meta.outcomes.get(run.info.key),
        metrics=tuple(_metric(run, name) for name in run.info.metrics) if n else (),
        failures=tuple(run.failures().items()),
        prompt=_ratio(usage.prompt_tokens, n),
        completion=_ratio(usage.completion_tokens, n),
        cached=_ratio(usage.cached_tokens, n),
        p50=percentile(seconds, 50) if n else None,
        p95=percentile(seconds, 95) if n else None,
        first_token=percentile(first, 50) if first else None,
        rate=_ratio(answered or None, wall),
        token_rate=_ratio(written if n else None, wall),
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
    return " · ".join(parts)
