"""Runs that an earlier command stored, taken instead of measuring the reference's model."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from dspysota.claims.references import Asked, Found, find
from dspysota.errors import ConfigError, RunError
from dspysota.records import DataInfo, Policy, ReferenceCell, Run
from dspysota.store import load_runs


def load(folder: Path, cell: ReferenceCell, rows: DataInfo) -> tuple[Run, ...]:
    """The folder's complete runs of the reference's model on these very rows, each said to be replayed.

    Raises ConfigError where the folder holds none, naming the difference: another task, another model, other rows, or
    an interruption; RunError where it cannot be read.
    """
    if not folder.exists():
        raise ConfigError(f"The reference of {cell.task} is to be replayed from {str(folder)!r}, which does not exist.")
    runs = load_runs(_resolved(folder))
    where = f"The reference of {cell.task} cannot be replayed from {str(folder)!r}"
    runs = _some(runs, [run.info.task == cell.task for run in runs], f"{where}: it has runs of", _tasks(runs))
    models = sorted({run.info.model.name for run in runs})
    of_model = [run.info.model.name == cell.model for run in runs]
    runs = _some(runs, of_model, f"{where}: the reference is {cell.model}, and it has runs of", models)
    same = [run.info.data.digest == rows.digest for run in runs]
    ours = f"{where}: {_said(rows)} are asked now, and its runs were asked"
    runs = _some(runs, same, ours, {_said(run.info.data) for run in runs}, cure=_cure(runs, rows))
    whole = [len(run.cases) == run.info.data.rows for run in runs]
    runs = _some(runs, whole, f"{where}: interrupted or ended early are", [run.name for run in runs])
    return tuple(map(_replayed, runs))


def choose(policy: Policy, folder: Path, cell: ReferenceCell, asked: Asked, runs: Sequence[Run]) -> Found:
    """The replayed run that the policy takes. Raises ConfigError naming what the folder has instead."""
    found = find(policy, cell, asked, runs)
    if found is None:
        names = cell if policy == "baseline" else asked
        wanted = " · ".join((cell.model, names.program, names.approach, names.adapter))
        raise ConfigError(
            f"The reference of {cell.task} under the policy {policy} is {wanted}, and {str(folder)!r} has no run of "
            f"it; it has {', '.join(run.name for run in runs)}."
        )
    return found


def _replayed(run: Run) -> Run:
    """The run under a key of its own, so that it is never taken for one that this command measures."""
    provenance = "replayed" if run.info.provenance == "measured" else run.info.provenance
    key = run.info.key if run.info.key.endswith("-replayed") else f"{run.info.key}-replayed"
    return run.model_copy(update={"info": run.info.model_copy(update={"provenance": provenance, "key": key})})


def _some(runs: Sequence[Run], fits: Sequence[bool], words: str, there: Iterable[str], *, cure: str = "") -> list[Run]:
    kept = [run for run, fit in zip(runs, fits, strict=True) if fit]
    if not kept:
        raise ConfigError(f"{words} {', '.join(sorted(there)) or 'nothing'}.{cure}")
    return kept


def _tasks(runs: Sequence[Run]) -> set[str]:
    return {run.info.task for run in runs}


def _said(data: DataInfo) -> str:
    return f"{data.rows:,} rows of {data.name} ({data.split}, {data.origin}, sha256 {data.digest[:12]}…)"


def _cure(runs: Sequence[Run], rows: DataInfo) -> str:
    counts = sorted({run.info.data.rows for run in runs if run.info.data.name == rows.name} - {rows.rows})
    return f" Were it the number alone, --sota-limit {counts[0]} would ask as many." if counts else ""


def _resolved(folder: Path) -> Path:
    """The folder itself, or the one that `latest` names where links are not allowed and it is a text file."""
    if folder.is_file():
        name = folder.read_text(encoding="utf-8", errors="replace").strip()
        if not name or not (folder.parent / name).is_dir():
            raise RunError(f"{str(folder)!r} is no run folder.")
        return folder.parent / name
    return folder
