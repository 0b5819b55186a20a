"""Finished folders that were not measured in place: runs written together, the same runs as the same bytes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dspysota.records import Run
from dspysota.store.lines import write_whole
from dspysota.store.reading import CASES_FILE, RUN_FILE, CaseLine, Manifest


def write_finished(folder: Path, runs: Sequence[Run]) -> None:
    """Write runs, in the order given, as a finished run folder without a command; fields at their defaults are left
    out. Its times are those at which the first and the last of its runs began. Raises RunError.
    """
    lines = [
        CaseLine(run=run.info.key, case=case).model_dump_json(exclude_defaults=True)
        for run in runs
        for case in run.cases
    ]
    times = sorted(run.info.started for run in runs)
    manifest = Manifest(
        status="finished",
        command_key="",
        started=times[0] if times else "",
        finished=times[-1] if times else "",
        runs=tuple(run.info for run in runs),
    )
    # The cases first: a kill in between leaves a folder that says so when it is read, not one with cases of others.
    write_whole(folder / CASES_FILE, "".join(f"{line}\n" for line in lines).encode())
    write_whole(folder / RUN_FILE, manifest.model_dump_json(by_alias=True, indent=1).encode() + b"\n")
