"""Quality against cost: one chart a data set.

Cost is that of a correct answer where it is known of all runs that had one, by one basis: the one that they name, else
parameters × tokens. Where it is not, tokens a question.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from dspysota.costs import Estimate
from dspysota.records import UNITS, Basis
from dspysota.report import references
from dspysota.report.charts import Figure, frontier
from dspysota.report.charts.points import Bar, Cost, Point, front
from dspysota.report.text import amount, count
from dspysota.report.view import Report, RunView
from dspysota.stats import Interval


@dataclass(frozen=True)
class Axis:
    """What runs are placed by from left to right, and why a run has no place."""

    cost: Cost
    value: Callable[[RunView], float | None]
    interval: Callable[[RunView], Interval | None]
    lacking: str


def values(report: Report) -> Mapping[str, object] | None:
    """One chart for each data set that has at least one run with cases and a cost."""
    charts = [chart for name in report.data_names() if (chart := _figure(name, report)) is not None]
    if not charts:
        return None
    beside = references.references(report)
    return {
        "charts": charts,
        "models": report.model_names(),
        "reference": any(view.run.info.key in beside for view in report.runs),
        "claimed": any(references.claimed(report, name) for name in report.data_names()),
        "hollow": any(view.run.info.provenance != "measured" for view in report.runs),
    }


TOKENS = Axis(
    Cost("tokens a question", count),
    lambda view: view.tokens,
    lambda view: None,
    "the server did not report tokens, or there were none",
)


def _figure(name: str, report: Report) -> Figure | None:
    views = [view for view in report.runs if view.run.info.data.name == name and view.primary]
    axis = _axis(views)
    placed = [view for view in views if axis.value(view)]
    if not placed:
        return None
    lacking = [view.run.name for view in views if view not in placed]
    why = f"Without a place, since {axis.lacking}: {'; '.join(lacking)}" if lacking else ""
    bars = [Bar(ratio, score) for ratio, score in references.claimed(report, name)]
    return frontier.figure(name, views[0].run.info.primary, axis.cost, _points(placed, axis, report), bars, why)


def _points(views: Sequence[RunView], axis: Axis, report: Report) -> list[Point]:
    best = front([(v.run.info.key, axis.value(v) or 0.0, v.primary.mean) for v in views if v.primary])
    beside, models = references.references(report), report.model_names()
    return [
        Point(
            view=view,
            model=models.index(view.run.info.model.name),
            metric=view.primary,
            cost=axis.value(view) or 0.0,
            interval=axis.interval(view),
            roles=tuple(_roles(view, best, beside)),
        )
        for view in views
        if view.primary
    ]


def _roles(view: RunView, best: set[str], beside: frozenset[str]) -> list[str]:
    info = view.run.info
    roles = {
        "Pareto front": info.key in best,
        "reference": info.key in beside,
        "baseline": info.role == "baseline",
    }
    return [role for role, applies in roles.items() if applies]


def _axis(views: Sequence[RunView]) -> Axis:
    """Cost of a correct answer where every run that had one has it by the same basis, else tokens.

    The basis that the runs name; where they name none, parameters × tokens: a token of a large model costs more than
    one of a small model, and tokens alone would draw them as equal.
    """
    able = [view for view in views if view.right]
    bases: list[Basis] = [*dict.fromkeys(view.cost.basis for view in able if view.cost), "parameters"]
    basis = next((one for one in bases if all(_placed(view, one) for view in able)), None)
    if not able or basis is None:
        return TOKENS
    unit = UNITS[basis]

    def value(view: RunView) -> float | None:
        found = _per_correct(view, basis)
        return found.value if found else None

    def interval(view: RunView) -> Interval | None:
        found = _per_correct(view, basis)
        return found.interval if found else None

    return Axis(Cost(f"{unit} a correct answer", lambda x: amount(x, unit)), value, interval, "nothing was right")


def _placed(view: RunView, basis: Basis) -> bool:
    found = _per_correct(view, basis)
    return found is not None and found.value > 0  # the scale is logarithmic


def _per_correct(view: RunView, basis: Basis) -> Estimate | None:
    return next((cost.per_correct for cost in view.costs if cost.basis == basis), None)
