"""A whole command foreseen: each run once, what it will take, and what its claims can be told by."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from dspysota.errors import SotaError
from dspysota.experiment.forecast.drafts import Drafts
from dspysota.experiment.forecast.earlier import Earlier
from dspysota.experiment.forecast.expect import Part, of_preparing, of_run
from dspysota.experiment.plan import Plan, plan
from dspysota.experiment.settings import Settings
from dspysota.profiles import Cell, Profile
from dspysota.tasks import TaskData

ASSUMED = (0.5, 0.8)
"""Scores that a reference may have, where no earlier run tells."""


@dataclass(frozen=True)
class Outlook:
    """What is expected: a part a run and a preparation, sentences on claims, and cells that cannot be planned."""

    parts: tuple[Part, ...]
    claims: tuple[str, ...]
    notes: tuple[str, ...]
    troubles: tuple[str, ...]


def foresee(
    profile: Profile,
    settings: Settings,
    cells: Sequence[Cell],
    data: Callable[[str], TaskData],
    environ: Mapping[str, str] = os.environ,
) -> Outlook:
    """Foresee what measuring these cells takes. Asks no model, starts no server and fetches no weights.

    `data` gives a task's rows. A model whose URL is not set is planned all the same, and noted.
    """
    absent = [name for name, use in profile.models.items() if use.base_url_env and not environ.get(use.base_url_env)]
    plans, troubles = _plans(_reachable(profile, absent), settings, cells, data)
    known, drafts = Earlier(settings.out, plans), Drafts()
    parts: list[Part] = []
    prepared: set[str] = set()
    for one in plans:
        try:
            draft = drafts.of(one)
            parts.append(of_run(one, draft, known))
            preparing = of_preparing(one, draft, known)
        except SotaError as error:
            troubles.append(f"{one.cell.id}: {type(error).__name__}: {error}")
            continue
        if preparing is not None and (key := _preparation(one)) not in prepared:
            prepared.add(key)
            parts.append(preparing)
    used = {one.cell.model for one in plans}
    notes = [
        f"{name}: {profile.models[name].base_url_env} is not set; the command itself will need it."
        for name in absent
        if name in used and settings.base_url is None
    ]
    return Outlook(tuple(parts), tuple(_claims(profile, plans, known)), tuple(notes), tuple(troubles))


def _plans(
    profile: Profile, settings: Settings, cells: Sequence[Cell], data: Callable[[str], TaskData]
) -> tuple[list[Plan], list[str]]:
    plans: dict[str, Plan] = {}
    troubles: dict[str, str] = {}
    for cell in cells:
        try:
            found = plan(cell, profile, settings, data(cell.task), progress=False, fetch=False)
        except SotaError as error:
            troubles.setdefault(cell.id, f"{cell.id}: {type(error).__name__}: {error}")
        else:
            plans.setdefault(found.key, found)
    return list(plans.values()), list(troubles.values())


def _reachable(profile: Profile, absent: Sequence[str]) -> Profile:
    """The profile as if these models' URLs were set."""
    somewhere = {"base_url": "http://not.set.invalid/v1", "base_url_env": None}
    models = {n: use.model_copy(update=somewhere) if n in absent else use for n, use in profile.models.items()}
    return profile.model_copy(update={"models": models})


def _preparation(plan: Plan) -> str:
    """What two plans share that share one prepared program."""
    cell = plan.cell
    names = (cell.task, cell.model, cell.program.partition("+")[0], cell.approach.partition(":")[0], cell.adapter)
    return repr((*names, cell.optimize, plan.seed))


def _claims(profile: Profile, plans: Sequence[Plan], known: Earlier) -> list[str]:
    """A sentence a task whose reference is among the plans, where the profile states a claim."""
    said = []
    for reference in plans:
        rivals = [one for one in plans if one.cell.task == reference.cell.task and one is not reference]
        terms = profile.terms(reference.cell.task)
        named = reference.cell == profile.reference(reference.cell.task)
        if terms is None or terms.quality_ratio is None or not named or not rivals:
            continue
        n, ratio = min(len(one.rows) for one in (reference, *rivals)), terms.quality_ratio
        run = known.same(reference)
        if run is not None and run.score() > 0:
            scores, why = [run.score()], f"as it did on {run.info.started[:10]}"
        else:
            scores, why = list(ASSUMED), "no earlier run tells its score"
        told = "; ".join(f"{_told(n, score, ratio)} if {reference.cell.model} scores {score:.2f}" for score in scores)
        said.append(
            f"claim on {reference.info.name}, at least {ratio:.2f} of the reference's quality: {n:,} questions can "
            f"probably (80%) tell from {ratio:.2f} true ratios {told} ({why}).{_seeds(profile, (reference, *rivals))}"
        )
    return said


def _seeds(profile: Profile, plans: Sequence[Plan]) -> str:
    several = any(len(profile.seeds(one.cell)) > 1 for one in plans)
    return " That is for one seed: what differs between several makes it less." if several else ""


def _told(n: int, score: float, ratio: float) -> str:
    from dspysota.claims.planning import tellable  # late: numpy and scipy take a while

    found = tellable(n, score, ratio)
    below = f"up to {found.fail:.2f}" if found.fail is not None else "none below"
    above = f"from {found.passed:.2f}" if found.passed is not None else "none above"
    return f"{below} and {above}"
