"""What runs spent: tokens a question, and money or operations in all, preparing included."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dspysota.costs import Summary
from dspysota.report.charts.figure import Figure, Head, Line
from dspysota.report.charts.stacks import Part, Stack, drawing, round_axis
from dspysota.report.text import amount, count
from dspysota.report.view import RunView

CACHED, PROMPT, COMPLETION = "var(--cached)", "var(--prompt)", "var(--completion)"
ANSWERS, PREPARING, TEACHER = "var(--completion)", "var(--preparing)", "var(--teacher)"
TOKENS = (("cached prompt", CACHED), ("prompt", PROMPT), ("completion", COMPLETION))
SPENT = (("answers", ANSWERS), ("preparing", PREPARING), ("teacher", TEACHER))
"""Parts of the bars with their colours, for the legends."""
BEHIND = 64
"""Pixels for the sum behind a bar."""
ROOM = 1.04
"""Axes end a little behind the longest bar."""


@dataclass(frozen=True)
class Spent:
    """What a run cost by one basis: `total` of its answers, and `back`, when preparing is paid back."""

    view: RunView
    cost: Summary
    total: float
    back: str


def tokens(name: str, views: Sequence[RunView]) -> Figure:
    """Tokens a question on one data set, of runs whose server reported them."""
    parts = {view.number: _tokens(view) for view in views}
    stacks = [Stack(view, _parts(TOKENS, parts[view.number], count), count(sum(parts[view.number]))) for view in views]
    axis = round_axis(max(one.total for one in stacks) * ROOM, count, "tokens a question")
    return Figure(
        title="Tokens a question",
        unit=name,
        words=". ".join(_said(one) for one in stacks),
        first="Run",
        columns=(*(kind for kind, _ in TOKENS), "in all"),
        lines=tuple(
            Line(Head.of(one.view), (*(count(n) for n in parts[one.view.number]), one.behind)) for one in stacks
        ),
        wide=drawing(stacks, axis, wide=True, right=BEHIND),
        narrow=drawing(stacks, axis, wide=False, right=BEHIND),
    )


def money(name: str, words: str, rows: Sequence[Spent]) -> Figure:
    """What all answers and their preparation cost on one data set, by one basis."""
    unit = rows[0].cost.unit

    def said(x: float) -> str:
        return amount(x, unit)

    stacks = [Stack(one.view, _parts(SPENT, _spent(one), said), _sum(one)) for one in rows]
    top = max(one.total for one in stacks) * ROOM
    axis = round_axis(top, said, f"{unit}, all answers and their preparation")
    back = [f", paid back {one.back}" if one.back else "" for one in rows]
    return Figure(
        title="What was spent",
        unit=f"{name}, by {words}",
        words=". ".join(_said(stack) + more for stack, more in zip(stacks, back, strict=True)),
        first="Run",
        columns=("questions", "answers", "preparing, all", "of it teacher", "paid back"),
        lines=tuple(Line(Head.of(one.view), _cells(one)) for one in rows),
        wide=drawing(stacks, axis, wide=True, right=BEHIND + 24),
        narrow=drawing(stacks, axis, wide=False, right=BEHIND + 24),
    )


def _tokens(view: RunView) -> tuple[float, float, float]:
    cached = min(view.cached or 0.0, view.prompt or 0.0)
    return cached, (view.prompt or 0.0) - cached, view.completion or 0.0


def _spent(one: Spent) -> tuple[float, float, float]:
    """Answers, preparing by the run's own model, and by its teacher; what is unknown has no length."""
    spent = one.cost.compile
    teacher = spent.teacher or 0.0
    return one.total, max(0.0, (spent.total or 0.0) - teacher), teacher


def _sum(one: Spent) -> str:
    known = amount(sum(_spent(one)), one.cost.unit)
    return f"{known} + unknown" if one.cost.compile.total is None else known


def _cells(one: Spent) -> tuple[str, ...]:
    spent, unit = one.cost.compile, one.cost.unit
    teacher = "–" if not one.view.run.info.compile.teacher else amount(spent.teacher, unit)
    return f"{one.view.n:,}", amount(one.total, unit), amount(spent.total, unit), teacher, one.back or "–"


def _parts(
    kinds: Sequence[tuple[str, str]], amounts: Sequence[float], said: Callable[[float], str]
) -> tuple[Part, ...]:
    return tuple(Part(x, colour, f"{kind} {said(x)}") for (kind, colour), x in zip(kinds, amounts, strict=True))


def _said(one: Stack) -> str:
    parts = ", ".join(part.words for part in one.parts if part.amount > 0)
    return f"{one.view.run.info.model.name} {one.view.variant}: {parts or 'nothing'}"
