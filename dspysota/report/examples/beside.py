"""Which run of a report each run is read beside."""

from __future__ import annotations

from collections.abc import Sequence

from dspysota.claims.references import Asked, find
from dspysota.records import Run
from dspysota.report.meta import ReportMeta, Terms


def references(runs: Sequence[Run], meta: ReportMeta) -> dict[str, str]:
    """The key of the reference of each run that has one, by the run's key.

    It is the reference of the claim that was asserted, else the one that the profile names for the task, else the only
    run on the same rows that was measured as a reference.
    """
    keys = {run.info.key for run in runs}
    asserted = {one.verdict.run_key: one.verdict.reference_key for one in meta.verdicts}
    found = {}
    for run in runs:
        key = asserted.get(run.info.key) or _by_terms(run, runs, meta.terms) or _by_role(run, runs)
        if key in keys and key != run.info.key:
            found[run.info.key] = key
    return found


def _by_terms(run: Run, runs: Sequence[Run], terms: Sequence[Terms]) -> str:
    info = run.info
    asked = Asked(
        program=info.program,
        approach=info.approach,
        adapter=info.adapter,
        data=info.data.digest,
        teacher=info.compile.teacher,
        seeds=(info.seed,),
    )
    for one in terms:
        if one.reference.task == info.task and one.reference.model != info.model.name:
            found = find(one.policy, one.reference, asked, runs)
            if found is not None:
                return found.run.info.key
    return ""


def _by_role(run: Run, runs: Sequence[Run]) -> str:
    same = [one for one in runs if one.info.role == "reference" and one.info.data.name == run.info.data.name]
    return same[0].info.key if len(same) == 1 and run.info.role != "reference" else ""
