"""The sequential test of a run that a claim watched: set up beforehand, and repeated from the records."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from dspysota.claims.sequential import SequentialTest
from dspysota.records import Published, Run, Versus, Watch

if TYPE_CHECKING:
    from dspysota.claims.claim import Claim


def repeated(claim: Claim, versus: Versus, metric: str) -> SequentialTest | None:
    """The test that watched the run for this very claim and reference, fed again; None where there was no such test."""
    if isinstance(versus.reference, Published) or len(versus.runs) != 1 or len(versus.reference) != 1:
        return None
    run, reference = versus.runs[0], versus.reference[0]
    watch = run.info.watch
    if watch is None or watch.model_copy(update={"outcome": None}) != watch_of(claim, reference, metric, watch):
        return None
    test = claim.sequential(stop=watch.stop, share=watch.share)
    there = {case.case_id: case.scores[metric] for case in reference.cases}
    for place, case in enumerate(run.cases):
        if case.case_id not in there or test.observe(place, case.scores[metric], there[case.case_id]):
            break
    return test


def watch_of(claim: Claim, reference: Run, metric: str, like: Watch) -> Watch:
    """The record of watching for a claim, with the stop rule and the share of another one."""
    return like.model_copy(
        update={
            "quality": claim.quality,
            "cost": claim.cost,
            "alpha": claim.alpha,
            "metric": metric,
            "reference": reference.info.key,
            "outcome": None,
        }
    )


def cut(runs: Sequence[Run], references: Sequence[Run]) -> tuple[tuple[Run, ...], tuple[Run, ...]]:
    """Both sides, cut to the examples that the first run, which was ended early, did answer."""
    ids = [case.case_id for case in runs[0].cases]
    return tuple(run.only(ids) for run in runs), tuple(one.only(ids) for one in references)
