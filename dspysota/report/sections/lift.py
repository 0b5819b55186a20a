"""Where the lift came from: the steps from the unoptimized program to each optimized one."""

from __future__ import annotations

from collections.abc import Mapping

from dspysota.lift import Ladder, ladders, sentences
from dspysota.report.charts import lift
from dspysota.report.charts.spec import ceiling
from dspysota.report.view import Report


def values(report: Report) -> Mapping[str, object] | None:
    """A chart and sentences for each optimized run; None where no program was optimized."""
    found = ladders([view.run for view in report.runs])
    if not found:
        return None
    views = {view.run.info.key: view for view in report.runs}
    models = report.model_names()
    tops = {one.data: ceiling(_ends(found, one.data)) for one in found}
    return {
        "ladders": [
            (
                views[one.run_key],
                lift.figure(one, views, models.index(views[one.run_key].run.info.model.name), tops[one.data]),
                sentences(one),
            )
            for one in found
        ]
    }


def _ends(found: tuple[Ladder, ...], data: str) -> list[float]:
    """Upper ends of the intervals of all steps on a data set: its ladders share an axis."""
    return [step.interval.high for one in found if one.data == data for step in one.steps if step.interval is not None]
