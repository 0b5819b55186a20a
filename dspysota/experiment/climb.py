"""Measures what a ladder lacks: the steps that lead from the unoptimized program to an optimized one."""

from __future__ import annotations

from dspysota import lift, programs
from dspysota.errors import LimitReachedError, SotaError
from dspysota.experiment.workbench import Workbench
from dspysota.lift import Rung
from dspysota.profiles import Cell, Profile
from dspysota.profiles.grid import cell_id
from dspysota.records import Run


def climb(workbench: Workbench, profile: Profile, cell: Cell, run: Run) -> tuple[str, ...]:
    """Measure the steps to the optimized `run` of a cell that this folder does not hold yet, each as a run of its own.

    Does nothing for a run that is not of an optimized program. Returns a sentence for each step that could not be
    measured: a ladder lacks it, but the run itself is none the worse. A run that its claim ended early is no step that
    others could be paired with, and nothing is measured for it. Raises LimitReachedError.
    """
    if run.ended_early and lift.optimized(run.info):
        asked, rows = len(run.cases), run.info.data.rows
        return (f"lift of {cell.id}: not taken apart, since its claim ended the run after {asked:,} of {rows:,} rows",)
    troubles = []
    for rung in lift.rungs(run.info) if lift.optimized(run.info) else ():
        if lift.found(rung, run, workbench.runs()) is not None:
            continue
        step = cell_of(rung, cell, profile)
        try:
            # The program was compiled in this session or is kept: even a fresh measurement must not look for another.
            made = workbench.run(step, keep_program=True)
        except LimitReachedError:
            raise  # the same command will measure it
        except SotaError as error:
            troubles.append(f"lift of {cell.id}: {step.id} could not be measured: {error}")
            continue
        if made.info.compile.identity != rung.digest:
            troubles.append(
                f"lift of {cell.id}: {step.id} was compiled anew and is a step to another program; "
                "requests had failed when the first one was compiled, so it was not kept."
            )
    return tuple(troubles)


def cell_of(rung: Rung, cell: Cell, profile: Profile) -> Cell:
    """The cell that measures a step to an optimized cell: the profile's own where it has one on the same rows."""
    default = programs.names(cell.task)[0]
    names = {"program": rung.program, "approach": rung.approach, "adapter": rung.adapter}
    own_program = rung.program if rung.program != default else None
    step = cell.model_copy(
        update={
            **names,
            "id": cell_id(cell.model, rung.approach, rung.adapter, own_program, seed=cell.seed),
            "role": "candidate",
            "thresholds": {},
        }
    )
    twins = (one for one in profile.of_task(cell.task) if (one.id, one.rows) == (step.id, step.rows))
    # Where a program is looked for, it has to be looked for in the same way.
    prepared_alike = (one for one in twins if rung.approach == "zero_shot" or one.optimize == cell.optimize)
    return next(prepared_alike, step)
