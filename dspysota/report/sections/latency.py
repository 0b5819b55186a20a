"""How long answers took: a chart of each data set, and percentiles of questions, calls, first tokens and queueing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from dspysota.latency import PERCENTILES, Quantile, Reconciliation, reconcile
from dspysota.report.charts import Figure, latency
from dspysota.report.charts.latency import Timed
from dspysota.report.view import Report, RunView


@dataclass(frozen=True)
class Row:
    """One quantity of one run: a cell for each of `PERCENTILES`, and of how many it is, out of how many there are."""

    name: str
    cells: tuple[Quantile, ...]
    known: str


@dataclass(frozen=True)
class Group:
    """One run: its rows, and the server's counters beside its answers where they were read."""

    view: RunView
    rows: tuple[Row, ...]
    reconciled: Reconciliation | None


def values(report: Report) -> Mapping[str, object] | None:
    """A group of rows for each run that has cases, and the charts; None where no run has."""
    views = [view for view in report.runs if view.n]
    if not views:
        return None
    return {
        "groups": [Group(view, tuple(_rows(view)), reconcile(view.run)) for view in views],
        "percentiles": PERCENTILES,
        "charts": list(_charts(views, report)),
        "apart": [view.run.name for view in views if view.run.info.provenance != "measured"],
        "models": report.model_names(),
    }


def _rows(view: RunView) -> Iterator[Row]:
    spreads = {
        "a question": view.latency.question,
        "a call": view.latency.call,
        "to the first token": view.latency.first_token,
        "in the queue": view.latency.queue,
    }
    for name, spread in spreads.items():
        if spread is not None:
            known = f"{spread.n:,}" if spread.n == spread.of else f"{spread.n:,} of {spread.of:,}"
            yield Row(name, spread.quantiles, known)


def _charts(views: Sequence[RunView], report: Report) -> Iterator[Figure]:
    """Of measured runs alone: seconds of another machine do not belong on the same axis."""
    models = report.model_names()
    for name in report.data_names():
        runs = [
            Timed(view, models.index(view.run.info.model.name), spread)
            for view in views
            if view.run.info.data.name == name and view.run.info.provenance == "measured"
            if (spread := view.latency.question) is not None
        ]
        if runs:
            yield latency.figure(name, runs)
