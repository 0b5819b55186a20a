"""What the profile says that a report must know to be written again without it."""

from __future__ import annotations

from collections.abc import Sequence

from dspysota import catalog
from dspysota.claims.references import Asked, find
from dspysota.experiment import named
from dspysota.profiles import Profile
from dspysota.records import Run
from dspysota.report.meta import Quote, Terms


def stated(profile: Profile) -> tuple[Terms, ...]:
    """What is claimed of each task that has a reference; without a claim, the reference alone."""
    found = []
    for task in dict.fromkeys(cell.task for cell in profile.cells):
        rival, terms = profile.reference(task), profile.terms(task)
        if rival is None:
            continue
        values = {} if terms is None else {
            "policy": terms.policy,
            "quality": terms.quality_ratio,
            "cost": terms.cost_ratio,
            "alpha": terms.alpha,
        }  # fmt: skip
        found.append(Terms.model_validate({"reference": named(profile, rival), **values}))
    return tuple(found)


def margins(profile: Profile, runs: Sequence[Run]) -> dict[str, float]:
    """By the keys of runs, the score differences that the profile's claim turns on; none without a reference's run."""
    found = {}
    for run in runs:
        info, rival, terms = run.info, profile.reference(run.info.task), profile.terms(run.info.task)
        if rival is None or terms is None or terms.quality_ratio is None:
            continue
        asked = Asked(program=info.program, approach=info.approach, adapter=info.adapter, data=info.data.digest)
        reference = find("baseline", named(profile, rival), asked, runs)
        if reference is not None:
            found[info.key] = max(0.0, 1 - terms.quality_ratio) * reference.run.score()
    return found


def quotes(profile: Profile) -> tuple[Quote, ...]:
    """Published scores of the profile's models on its tasks."""
    pairs = dict.fromkeys((cell.task, cell.model) for cell in profile.cells)
    return tuple(
        Quote(task=task, model=model, published=score.record())
        for task, model in pairs
        for score in catalog.published(task, model)
    )
