"""Where the lift came from: the steps from the unoptimized program to each optimized one."""

from __future__ import annotations

from collections.abc import Mapping

from dspysota.lift import label, ladders, sentences
from dspysota.report.view import Report


def values(report: Report) -> Mapping[str, object] | None:
    """The ladders of the optimized runs, and every run by its key; None where no program was optimized."""
    found = ladders([view.run for view in report.runs])
    if not found:
        return None
    views = {view.run.info.key: view for view in report.runs}
    return {"ladders": found, "views": views, "label": label, "sentences": sentences}
