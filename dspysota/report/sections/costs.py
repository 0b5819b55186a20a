"""What runs used and cost, by each basis that is known, and when what was spent on preparing is paid back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from dspysota import costs
from dspysota.report import text
from dspysota.report.charts import Figure, spending
from dspysota.report.charts.spending import Spent
from dspysota.report.view import Report, RunView

BASES: Mapping[str, str] = {"list": "list price", "machine": "machine price", "parameters": "parameters × tokens"}


@dataclass(frozen=True, kw_only=True)
class Row:
    """One run by one basis. `back` is empty without a reference, and where nothing was spent."""

    view: RunView
    cost: costs.Summary
    prepared: str
    back: str
    counted: str


@dataclass(frozen=True, kw_only=True)
class Group:
    """All runs whose cost is known by a basis, and by what prices each model is counted."""

    basis: str
    words: str
    claimed: bool
    """Whether claims use this basis."""
    rows: tuple[Row, ...]
    counted: tuple[str, ...]

    @property
    def back(self) -> bool:
        """Whether anything is to be paid back."""
        return any(row.back for row in self.rows)


def values(report: Report) -> Mapping[str, object] | None:
    """Charts, and a table for each basis by which a cost is known, that of claims first; None without any number."""
    rows = [row for view in report.runs for row in costs_of(view, report)]
    tokens = list(_tokens(report))
    if not rows and not tokens:
        return None
    claimed = {view.run.info.prices.basis for view in report.runs if view.run.info.prices}
    groups = [_group(basis, [row for row in rows if row.cost.basis == basis], basis in claimed) for basis in BASES]
    groups = sorted((group for group in groups if group.rows), key=lambda group: not group.claimed)
    return {
        "groups": groups,
        "tokens": tokens,
        "token_kinds": [kind for kind, _ in spending.TOKENS],
        "money": list(_money(groups[0], report)) if groups else [],
        "money_kinds": [kind for kind, _ in spending.SPENT],
        "pairs": pairs(report),
        "unknown": [view.run.name for view in report.runs if view.n and not view.costs],
    }


def _tokens(report: Report) -> Iterator[Figure]:
    for name in report.data_names():
        views = [view for view in report.runs if view.run.info.data.name == name and view.tokens]
        if views:
            yield spending.tokens(name, views)


def _money(group: Group, report: Report) -> Iterator[Figure]:
    """By the basis that claims use, or the first that is known."""
    for name in report.data_names():
        rows = [
            Spent(row.view, row.cost, row.cost.total, row.back)
            for row in group.rows
            if row.view.run.info.data.name == name and row.cost.total
        ]
        if rows:
            yield spending.money(name, group.words, rows)


def _group(basis: str, rows: Sequence[Row], claimed: bool) -> Group:
    counted = dict.fromkeys(f"{row.view.run.info.model.name}: {row.counted}" for row in rows)
    return Group(basis=basis, words=BASES[basis], claimed=claimed, rows=tuple(rows), counted=tuple(counted))


def costs_of(view: RunView, report: Report) -> list[Row]:
    """The rows of a run; first that of the basis which claims use, where it is known."""
    reference = _reference(view, report)
    return [
        Row(
            view=view,
            cost=cost,
            prepared=_prepared(cost),
            back=_back(view, reference, cost) if reference else "",
            counted=costs.counted(view.run, cost.basis),
        )
        for cost in sorted(view.costs, key=lambda one: one != view.cost)
    ]


def pairs(report: Report) -> list[str]:
    """Whether list prices can be compared, a sentence for each pair of models that a reference makes."""
    found = []
    for view in report.runs:
        reference = _reference(view, report)
        if reference and reference.run.info.model.name != view.run.info.model.name:
            found.append(costs.pair(view.run, reference.run, "list"))
    return [one for one in dict.fromkeys(found) if one]


def _reference(view: RunView, report: Report) -> RunView | None:
    """The profile's reference on the same rows; None where there is none, or the run is it."""
    mine = view.run.info
    for other in report.runs:
        info = other.run.info
        if info.role == "reference" and (info.task, info.data.digest) == (mine.task, mine.data.digest):
            return None if info.key == mine.key else other
    return None


def _prepared(cost: costs.Summary) -> str:
    spent = cost.compile
    if spent.total == 0:
        return "nothing"
    words = text.amount(spent.total, cost.unit)
    named = [f"{name} {text.amount(amount, cost.unit)}" for name, _, amount in spent.phases if amount is not None]
    if spent.teacher:
        named.append(f"{text.amount(spent.teacher, cost.unit)} of it the teacher")
    return f"{words} ({', '.join(named)})" if named else words


def _back(view: RunView, reference: RunView, cost: costs.Summary) -> str:
    if cost.compile.total == 0:
        return ""
    if not any(other.basis == cost.basis for other in reference.costs) or cost.compile.total is None:
        return "after an unknown number"
    questions = costs.break_even(view.run, reference.run, cost.basis)
    if questions is None:
        return "never"
    return f"after {questions:,} question{'' if questions == 1 else 's'}"
