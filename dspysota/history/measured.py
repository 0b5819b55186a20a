"""What one run contributes to a trend."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from dspysota.costs import dollars, per_question
from dspysota.gate.identity import MACHINE
from dspysota.records import UNITS, RunInfo
from dspysota.report.meta import ReportMeta, load_meta
from dspysota.report.view import RunView, in_order
from dspysota.store import load_runs

_COMMIT = re.compile(r"[0-9a-f]{7,64}")


@dataclass(frozen=True, kw_only=True)
class Point:
    """One run of a finished folder. Scores are in [0, 1] with 95% intervals, costs and seconds are a question's.

    A number is None where it is not known, or was not measured in this run.
    """

    folder: str
    place: int
    """Among the runs of its folder, from 0."""
    key: str
    data: str
    label: str
    """The run's name without that of its data: model, program, approach, and what else tells it from others."""
    task: str
    model: str
    started: str
    """UTC, ISO 8601."""
    commit: str
    """Hexadecimal; empty where there was none."""
    provenance: str
    cases: int
    rows: int
    """Cases that there were to be; more than `cases` where a decided claim ended the run."""
    errors: int
    metric: str
    score: float | None
    low: float | None
    high: float | None
    tokens: float | None
    cost: float | None
    cost_low: float | None
    cost_high: float | None
    """Infinite where the cases set no bound."""
    unit: str
    """Of the cost: `$` or `FLOP`; empty without one."""
    p50: float | None
    p95: float | None
    verdict: str
    """`passed`, `failed` or `not judged`, by the bars that a test held it to."""
    same_rows: str
    """Scores of two runs can be compared where this is the same: weights, rows, metric and its version."""
    same_cost: str
    """The same of costs: basis and prices."""
    same_speed: str
    """The same of seconds: machine, backend, and how many questions were asked at once."""


def points(folder: Path) -> list[Point]:
    """The runs of a folder, in its order. Raises RunError where they cannot be read."""
    runs = load_runs(folder)
    meta = load_meta(folder) or ReportMeta(command="")
    return [_point(folder.name, place, view) for place, view in enumerate(in_order(runs, meta).runs)]


def _point(folder: str, place: int, view: RunView) -> Point:
    info = view.run.info
    primary, basis = view.primary, info.prices.basis if info.prices and info.prices.basis else dollars(view.run)
    priced = per_question(view.run, basis) if basis else None
    measured = info.provenance == "measured"
    return Point(
        folder=folder,
        place=place,
        key=info.key,
        data=info.data.name,
        label=view.run.name.removeprefix(f"{info.data.name} · "),
        task=info.task,
        model=info.model.name,
        started=info.started,
        commit=info.commit if info.commit and _COMMIT.fullmatch(info.commit) else "",
        provenance=info.provenance,
        cases=view.n,
        rows=info.data.rows,
        errors=view.run.errors,
        metric=info.primary,
        score=primary.mean if primary else None,
        low=primary.interval.low if primary else None,
        high=primary.interval.high if primary else None,
        tokens=view.tokens,
        cost=priced.value if priced else None,
        cost_low=priced.interval.low if priced else None,
        cost_high=priced.interval.high if priced else None,
        unit=UNITS[basis] if basis and priced else "",
        p50=view.p50 if measured else None,
        p95=view.p95 if measured else None,
        verdict=view.verdict,
        same_rows=_joined(info.model.digest, info.data.digest, view.n, info.primary, info.metric_version),
        same_cost=_joined(basis, _prices(info)),
        same_speed=_joined(*(info.machine.get(name) for name in MACHINE), info.model.backend, info.concurrency),
    )


def _prices(info: RunInfo) -> str:
    return info.prices.model_dump_json() if info.prices else ""


def _joined(*parts: object) -> str:
    return "\n".join(str(part) for part in parts)
