"""The table of runs: score, verdicts of claims, tokens, cost, seconds, errors; failed ones first."""

from __future__ import annotations

from collections.abc import Mapping

from dspysota.report.references import references
from dspysota.report.view import Report


def values(report: Report) -> Mapping[str, object] | None:
    """Nothing but the runs: the template lays them out."""
    if not report.runs:
        return None
    at_once = sorted({view.run.info.concurrency for view in report.runs})
    return {
        "at_once": at_once,
        "first_token": any(view.first_token is not None for view in report.runs),
        "priced": any(view.cost is not None for view in report.runs),
        "references": references(report),
        "published": report.meta.published,
    }
