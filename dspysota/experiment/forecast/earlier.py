"""What earlier runs say of a model: how much it answers, how fast, and how well."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from dspysota.experiment.plan import Plan
from dspysota.records import Run, RunInfo
from dspysota.store import finished, load_runs

FOLDERS = 8
"""Folders that are read at most, the newest first: each takes a moment."""


class Earlier:
    """The finished runs of a reports folder that have to do with the cells at hand, the newest first."""

    def __init__(self, out: Path, plans: Sequence[Plan]) -> None:
        models = {plan.cell.model for plan in plans}
        folders = [path for path, infos in finished(out) if any(info.model.name in models for info in infos)]
        runs = [run for path in folders[:FOLDERS] for run in reversed(load_runs(path))]
        self._runs = [run for run in runs if run.cases and run.errors < len(run.cases)]

    def same(self, plan: Plan) -> Run | None:
        """The newest run of the same cell, on data of the same name; of other rows, perhaps."""
        cell = plan.cell
        return self._first(plan, lambda info: _kind(info) == (cell.program, cell.approach, cell.adapter))

    def alike(self, plan: Plan) -> Run | None:
        """The same, or else the newest run of the same model and program, prepared in another way."""
        cell = plan.cell
        return self.same(plan) or self._first(plan, lambda info: info.program == cell.program)

    def quick(self, plan: Plan) -> Run | None:
        """The newest run that tells how fast the model answers, the same cell's before others."""
        served = plan.use.base_url is not None
        runs = [run for run in (self.alike(plan), *self._runs) if run is not None]
        return next((run for run in runs if _fast(run.info, plan, served) and _rate(run) is not None), None)

    def _first(self, plan: Plan, fits: Callable[[RunInfo], bool]) -> Run | None:
        wanted = (plan.cell.model, plan.cell.task, plan.info.name)
        mine = (one for one in self._runs if (one.info.model.name, one.info.task, one.info.data.name) == wanted)
        return next((run for run in mine if fits(run.info)), None)


def tokens(run: Run, kind: str) -> float | None:
    """Tokens a question of a kind, `prompt_tokens` or `completion_tokens`; None where the server did not say."""
    total = getattr(run.usage, kind)
    return None if total is None else total / len(run.cases)


def rate(run: Run) -> float:
    """Completion tokens a second of wall time. To be asked of a run that `Earlier.quick` found."""
    found = _rate(run)
    assert found is not None
    return found


def calls(run: Run) -> float:
    """Requests a question."""
    return sum(len(case.calls) for case in run.cases) / len(run.cases)


def _rate(run: Run) -> float | None:
    answered = [*run.cases, *run.again]
    total = sum(case.usage.completion_tokens or 0 for case in answered)
    return total / run.info.wall_seconds if total and run.info.wall_seconds > 0 else None


def _fast(info: RunInfo, plan: Plan, served: bool) -> bool:
    """Another machine has another speed: our own server and one by URL say nothing of each other."""
    return info.model.name == plan.cell.model and (info.model.backend == "endpoint") == served


def _kind(info: RunInfo) -> tuple[str, str, str]:
    return info.program, info.approach, info.adapter
