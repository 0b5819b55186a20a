"""The reference of a cell under a policy: replayed where a folder was named for it, else measured."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from dspysota import programs
from dspysota.claims.references import Asked, Found, best
from dspysota.errors import ConfigError
from dspysota.experiment import replay
from dspysota.experiment.settings import Settings
from dspysota.experiment.workbench import Workbench
from dspysota.profiles import Cell, Profile
from dspysota.profiles.grid import cell_id
from dspysota.records import Policy, ReferenceCell


def named(profile: Profile, cell: Cell) -> ReferenceCell:
    """The names of a profile's reference, and its seeds."""
    return ReferenceCell(
        task=cell.task,
        model=cell.model,
        program=cell.program,
        approach=cell.approach,
        adapter=cell.adapter,
        seeds=_numbers(profile, profile.seeds(cell)),
    )


def replay_folder(profile: Profile, settings: Settings, task: str) -> Path | None:
    """The run folder whose runs stand in for the reference's model, where one was named; the option goes first."""
    if settings.reference is not None:
        return settings.reference
    path = profile.references.get(task)
    return None if path is None else settings.root / Path(path).expanduser()


def reference(
    workbench: Workbench, profile: Profile, settings: Settings, cell: Cell, policy: Policy, *, seeds: bool = False
) -> Found:
    """The run that a cell is measured against, made now where it is not there yet; with `seeds` those of all seeds.

    Raises ConfigError where the profile names no reference for the task, and SotaError when the run cannot be had.
    """
    rival = profile.reference(cell.task)
    if rival is None:
        raise ConfigError(f"Profile {profile.name!r} names no reference for {cell.task}; give a cell role: reference.")
    folder = replay_folder(profile, settings, cell.task)
    if folder is not None:
        rows = workbench.rows(cell)
        wanted = named(profile, rival)
        runs = replay.load(folder, wanted, rows)
        asked = _asked(cell, rows.digest, _numbers(profile, profile.seeds(cell) if seeds else [cell]))
        found = replay.choose(policy, folder, wanted, asked, runs)
        if not seeds:
            return Found(run=workbench.keep(found.run), notes=found.notes if policy == "best" else ())
        kept = [workbench.keep(run) for run in found.runs]
        return Found(run=kept[0], others=tuple(kept[1:]), notes=found.notes)
    measured = [workbench.run(one) for one in contenders(profile, cell, policy, seeds=seeds)]
    if policy == "best":
        chosen = best(measured)
        assert chosen is not None, "the reference itself is one of them"
        return chosen
    return Found(run=measured[0], others=tuple(measured[1:]))


def contenders(profile: Profile, cell: Cell, policy: Policy, *, seeds: bool = False) -> list[Cell]:
    """The cells of the reference's model that a policy measures for a cell; none where no reference is named.

    With `seeds` they are those that a claim takes: the reference's own of every seed, or, under `same_program`, one for
    each seed of the cell.
    """
    rival = profile.reference(cell.task)
    if rival is None:
        return []
    if policy == "best":
        return [one for one in profile.of_task(cell.task) if one.model == rival.model]
    if policy == "baseline":
        return list(profile.seeds(rival)) if seeds else [rival]
    return [_alike(one, rival, profile) for one in (profile.seeds(cell) if seeds else [cell])]


def _numbers(profile: Profile, cells: Iterable[Cell]) -> tuple[int, ...]:
    return tuple(profile.seed if cell.seed is None else cell.seed for cell in cells)


def _asked(cell: Cell, digest: str, seeds: tuple[int, ...]) -> Asked:
    return Asked(
        program=cell.program,
        approach=cell.approach,
        adapter=cell.adapter,
        data=digest,
        teacher=cell.optimize.teacher,
        seeds=seeds,
    )


def _alike(cell: Cell, rival: Cell, profile: Profile) -> Cell:
    """The cell of the reference's model with the candidate's program, approach and adapter: the profile's own where
    it has one on as many rows."""
    wanted = (rival.model, cell.program, cell.approach, cell.adapter, cell.rows, cell.seed)
    for one in profile.of_task(cell.task):
        names = (one.model, one.program, one.approach, one.adapter, one.rows, one.seed)
        if names == wanted and one.optimize == cell.optimize:
            return one
    default = programs.names(cell.task)[0]
    own = cell.program if cell.program != default else None
    return cell.model_copy(
        update={
            "id": cell_id(rival.model, cell.approach, cell.adapter, own, seed=cell.seed),
            "model": rival.model,
            "role": "baseline",
            "thresholds": {},
        }
    )
