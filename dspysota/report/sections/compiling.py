"""What it took to prepare the programs that asked a model while being prepared."""

from __future__ import annotations

from collections.abc import Mapping

from dspysota.report.view import Report


def values(report: Report) -> Mapping[str, object] | None:
    """The runs whose program was compiled; None where none was."""
    compiled = [view for view in report.runs if view.run.info.compile.calls]
    return {"compiled": compiled} if compiled else None
