"""A whole command foreseen: each run once, what it will take, and what its claims can be told by."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from dspysota.errors import SotaError
from dspysota.experiment.forecast import claims
from dspysota.experiment.forecast.drafts import Drafts
from dspysota.experiment.forecast.earlier import Earlier
from dspysota.experiment.forecast.expect import Part, of_preparing, of_run
from dspysota.experiment.plan import Plan, plan
from dspysota.experiment.settings import Settings
from dspysota.profiles import Cell, Profile
from dspysota.tasks import TaskData


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
    asking: dict[str, Part] = {}
    prepared: set[str] = set()
    for one in plans:
        try:
            draft = drafts.of(one)
            asking[one.key] = of_run(one, draft, known)
            preparing = of_preparing(one, draft, known)
        except SotaError as error:
            troubles.append(f"{one.cell.id}: {type(error).__name__}: {error}")
            continue
        parts.append(asking[one.key])
        if preparing is not None and (key := _preparation(one)) not in prepared:
            prepared.add(key)
            parts.append(preparing)
    used = {one.cell.model for one in plans}
    notes = [
        f"{name}: {profile.models[name].base_url_env} is not set; the command itself will need it."
        for name in absent
        if name in used and settings.base_url is None
    ]
    if settings.sequential:
        notes.append(claims.EARLIER_ENDS)
    return Outlook(tuple(parts), tuple(claims.sentences(profile, plans, asking, known)), tuple(notes), tuple(troubles))


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
