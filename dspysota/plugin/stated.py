"""What the profile says that a report must know to be written again without it."""

from __future__ import annotations

from dspysota import catalog
from dspysota.experiment import named
from dspysota.profiles import Profile
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


def quotes(profile: Profile) -> tuple[Quote, ...]:
    """Published scores of the profile's models on its tasks."""
    pairs = dict.fromkeys((cell.task, cell.model) for cell in profile.cells)
    return tuple(
        Quote(task=task, model=model, published=score.record())
        for task, model in pairs
        for score in catalog.published(task, model)
    )
