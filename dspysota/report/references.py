"""What candidates of a report stand beside: which runs are references, and which scores are claimed at least."""

from __future__ import annotations

from collections.abc import Iterator

from dspysota.records import ReferenceCell, RunInfo
from dspysota.report.meta import Terms
from dspysota.report.view import Report, RunView


def references(report: Report) -> frozenset[str]:
    """Keys of the runs that verdicts were judged against, that a profile names, or that were measured as such."""
    judged = {one.verdict.reference_key for one in report.meta.verdicts}
    infos = [view.run.info for view in report.runs]
    named = {info.key for info in infos for terms in report.meta.terms if _names(terms.reference, info)}
    return frozenset(judged | named | {info.key for info in infos if info.role == "reference"})


def claimed(report: Report, name: str) -> tuple[tuple[float, float], ...]:
    """What is claimed of scores on a data set, each as (ratio, the reference's score), each once.

    As the verdicts have it; where none was asserted, as the profile's terms do.
    """
    views = {view.run.info.key: view for view in report.runs if view.run.info.data.name == name and view.primary}
    found = list(_of_verdicts(report, views)) or list(_of_terms(report.meta.terms, views))
    return tuple(dict.fromkeys((ratio, round(score, 6)) for ratio, score in found))


def _of_verdicts(report: Report, views: dict[str, RunView]) -> Iterator[tuple[float, float]]:
    for one in report.meta.verdicts:
        quality = one.verdict.criterion("quality")
        if one.verdict.run_key in views and quality is not None and quality.reference_value is not None:
            yield quality.bar, quality.reference_value


def _of_terms(terms: tuple[Terms, ...], views: dict[str, RunView]) -> Iterator[tuple[float, float]]:
    for one in terms:
        for view in views.values():
            if one.quality is not None and _names(one.reference, view.run.info) and view.primary:
                yield one.quality, view.primary.mean


def _names(cell: ReferenceCell, info: RunInfo) -> bool:
    mine = (info.task, info.model.name, info.program, info.approach, info.adapter)
    return mine == (cell.task, cell.model, cell.program, cell.approach, cell.adapter)
