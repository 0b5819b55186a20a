"""The claims: each verdict with its evidence, every candidate under every policy, and what others published."""

from __future__ import annotations

from collections.abc import Mapping

from dspysota.report.verdicts import candidates, decisions, quoted
from dspysota.report.view import Report


def values(report: Report) -> Mapping[str, object] | None:
    """None where nothing was claimed, no run has a reference, and nothing is published."""
    made = decisions(report.meta)
    beside = candidates([view.run for view in report.runs], report.meta)
    quotes = [quoted(one) for one in report.meta.published]
    if not (made or beside or quotes):
        return None
    views = {view.run.info.key: view for view in report.runs}
    return {"decisions": made, "candidates": beside, "quotes": quotes, "views": views}
