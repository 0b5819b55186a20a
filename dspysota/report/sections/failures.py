"""Which failure classes each run had, as one bar a run."""

from __future__ import annotations

from collections.abc import Mapping

from dspysota.report.charts import failures
from dspysota.report.view import Report


def values(report: Report) -> Mapping[str, object] | None:
    """A chart for each data set, and the classes that occur, for the legend; None without cases."""
    views = [view for view in report.runs if view.n]
    if not views:
        return None
    groups = [(name, [v for v in views if v.run.info.data.name == name]) for name in report.data_names()]
    return {
        "charts": [failures.figure(name, group) for name, group in groups if group],
        "kinds": failures.kinds(views),
    }
