"""How many answers change by themselves, for the runs whose questions were asked twice."""

from __future__ import annotations

from collections.abc import Mapping

from dspysota.report.flakiness import found
from dspysota.report.text import spent
from dspysota.report.view import Report


def values(report: Report) -> Mapping[str, object] | None:
    """The findings beside the runs they are of; None where nothing was asked twice."""
    runs = [view.run for view in report.runs]
    flaky = found(runs, report.meta)
    if not flaky:
        return None
    views = {view.run.info.key: view for view in report.runs}
    return {"findings": [(one, views[one.run.info.key], spent(one.run.again_usage)) for one in flaky]}
