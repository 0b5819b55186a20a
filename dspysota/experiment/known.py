"""Which names a profile or a call of `sota.run` may use."""

from __future__ import annotations

from dspysota import approaches, programs, tasks
from dspysota.errors import ConfigError
from dspysota.profiles import Cell, Known, Profile
from dspysota.profiles.grid import cell_id, check_approach, check_name, check_program


def known() -> Known:
    """Every task with its programs (the default one first), every approach and every adapter."""
    return Known(
        programs={task: (*programs.names(task), *programs.variants(task)) for task in tasks.names()},
        approaches=tuple(approaches.names()),
        adapters=tuple(programs.adapters()),
        base=lambda program: programs.split(program)[0],
        forms=programs.FORMS,
        whole=lambda approach: approaches.split(approach)[0],
        parts=approaches.FORMS,
        chancy=lambda approach, program: approaches.learns(approach) or programs.split(program)[1] is not None,
        metrics={task: tasks.get(task).metrics for task in tasks.names()},
        data={task: tasks.get(task).data_names for task in tasks.names()},
    )


def make_cell(  # noqa: PLR0913  one argument per part of a cell, all but the profile by keyword
    profile: Profile,
    *,
    task: str,
    model: str,
    approach: str,
    adapter: str = "plain",
    program: str | None = None,
    rows: int | None = None,
) -> Cell:
    """A cell made up by a test. Raises ConfigError naming a bad name and the valid ones."""
    names = known()
    check_name(task, names.programs, "task")
    default = names.programs[task][0]
    program = program or default
    check_program(program, task, names, "program")
    check_approach(approach, names, "approach")
    check_name(adapter, names.adapters, "adapter")
    if rows is not None and rows < 1:
        raise ConfigError(f"rows={rows!r} asks no question; it must be at least 1.")
    name = cell_id(model, approach, adapter, program if program != default else None)
    twin = next((c for c in profile.of_task(task) if c.id == name), None)
    thresholds = twin.thresholds if twin else {}
    return Cell(
        id=name,
        task=task,
        model=model,
        program=program,
        approach=approach,
        adapter=adapter,
        rows=rows,
        thresholds=thresholds,
    )
