"""A whole profile measured by one call, for a script or a notebook."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from dspysota import profiles, report
from dspysota import tasks as all_tasks
from dspysota.errors import ConfigError
from dspysota.experiment.known import known
from dspysota.experiment.progress import ConsoleProgress
from dspysota.experiment.provenance import commit
from dspysota.experiment.settings import Settings
from dspysota.experiment.workbench import Workbench
from dspysota.profiles import Cell, Profile
from dspysota.records import Run
from dspysota.serving.remote import normal_url
from dspysota.store import RunFolder


def measure_profile(
    profile: str | Path = "embedded",
    *,
    tasks: Sequence[str] = (),
    limit: int | None = None,
    data: str | Path | None = None,
    base_url: str | None = None,
    root: str | Path = ".",
) -> list[Run]:
    """Measure every cell of a profile, and return the runs in the order of its cells.

    `profile` is a name in `fixtures/profiles` of the project at `root`, or a YAML file. Only cells of `tasks` are
    measured, all without any. `limit`, `data` and `base_url` are those of `--sota-limit`, `--sota-data` and
    `--sota-base-url`. Records and report go to a folder of their own in `root`/reports; interrupted, the same call goes
    on where it stopped, asking nothing twice. Progress is told on stderr. No threshold and no claim is judged here:
    runs are values, to be compared with either. Raises SotaError where a run cannot be made at all.
    """
    root = Path(root)
    chosen = profiles.load(str(profile), root=root, known=known())
    settings = Settings(
        root=root,
        out=root / "reports",
        limit=_checked(limit),
        data=None if data is None else Path(data),
        base_url=None if base_url is None else normal_url(base_url),
        command=f"dspysota.measure_profile({str(Path(profile).stem)!r})",
    )
    wanted = _cells(chosen, tasks)
    folder = RunFolder.open(settings.out, settings.command_key(chosen, commit(root)), command=settings.command)
    try:
        bench = Workbench(chosen, settings, folder=lambda: folder, progress=ConsoleProgress(Console(file=sys.stderr)))
        # By model, so that each server starts once.
        order = sorted(range(len(wanted)), key=lambda place: wanted[place].model)
        made = {place: bench.run(wanted[place]) for place in order}
        runs = [made[place] for place in range(len(wanted))]
        meta = report.ReportMeta(command=settings.command, title=f"dspysota: {chosen.name}")
        folder.finish()
        report.write_all(folder.path, runs, meta)
    finally:
        folder.close()
    return runs


def _cells(profile: Profile, tasks: Sequence[str]) -> list[Cell]:
    for task in tasks:
        all_tasks.get(task)  # raises ConfigError naming the valid ones
    cells = [cell for cell in profile.cells if not tasks or cell.task in tasks]
    if not cells:
        raise ConfigError(f"Profile {profile.name!r} has no cell of {', '.join(tasks) or 'any task'}.")
    return cells


def _checked(limit: int | None) -> int | None:
    if limit is not None and limit < 1:
        raise ConfigError(f"limit={limit!r} asks no question; it must be at least 1.")
    return limit
