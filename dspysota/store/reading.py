"""Reading runs back: finished folders, and what there is of unfinished ones."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Literal

from pydantic import Field

from dspysota.errors import RunError
from dspysota.records import SCHEMA, Case, Record, Run, RunInfo
from dspysota.store.journal import read_journal
from dspysota.store.lines import check_schema, parse, place, read_lines

RUN_FILE = "run.json"
CASES_FILE = "cases.jsonl"
AGAIN_FILE = "again.jsonl"
JOURNALS = "cases"
AGAIN = "again"
SAVED = "runs"


class Manifest(Record):
    """`run.json`: what was asked for, and which runs came of it."""

    format: int = Field(default=SCHEMA, alias="schema")
    status: Literal["running", "finished"]
    command_key: str
    command: str = ""
    started: str
    finished: str | None = None
    runs: tuple[RunInfo, ...] = ()


class CaseLine(Record):
    """A line of `cases.jsonl`."""

    run: str
    case: Case


class _Format(Record, extra="ignore"):
    format: int = Field(alias="schema")


def read_manifest(folder: Path) -> Manifest:
    """`run.json` of a run folder; raises RunError when there is none, it cannot be read, or its format is newer."""
    path = folder / RUN_FILE
    try:
        data = path.read_bytes()
    except OSError:
        raise RunError(f'"{folder.name}" holds no runs: it has no {RUN_FILE}.') from None
    check_schema(parse(_Format, data, path, 1).format, path)  # first, because a newer format may have other fields
    return parse(Manifest, data, path, 1)


def load_runs(folder: Path | str) -> list[Run]:
    """All runs of a run folder, such as reports/latest, each with its cases in example order.

    Of an unfinished folder: the runs that were done, then those that were being measured, as far as they got (cases in
    the order they ended; a journal that does not say which run it belongs to is left out).
    Raises RunError naming file and line of what cannot be read, and for a newer format.
    """
    folder = resolved(Path(folder))
    manifest = read_manifest(folder)
    if manifest.status == "finished":
        again = _read_cases(folder / AGAIN_FILE) if (folder / AGAIN_FILE).exists() else []
        return _join(manifest.runs, _read_cases(folder / CASES_FILE), again, folder / CASES_FILE)
    saved = [read_saved(path) for path in sorted((folder / SAVED).glob("*.jsonl"))]
    done = {run.info.key for run in saved}
    partial = [_partial(path) for path in sorted((folder / JOURNALS).glob("*.jsonl")) if path.stem not in done]
    return sorted(saved, key=lambda run: started(run.info)) + [run for run in partial if run is not None]


def resolved(folder: Path) -> Path:
    """The folder itself, or the one that `latest` names where links are not allowed and it is a text file."""
    if folder.is_file():
        return folder.parent / folder.read_text(encoding="utf-8").strip()
    return folder


def read_saved(path: Path) -> Run:
    """A run as `RunFolder.save_run` wrote it; raises RunError."""
    lines = islice(read_lines(path), 1, None)
    cases = tuple(parse(CaseLine, line, path, number).case for number, line in lines)
    return Run(info=read_info(path), cases=cases, again=_again(path))


def read_info(path: Path) -> RunInfo:
    """The first line of a saved run; raises RunError."""
    number, first = next(read_lines(path), (1, b""))
    return parse(RunInfo, first, path, number)


def started(info: RunInfo) -> tuple[str, str]:
    """What runs are sorted by."""
    return info.started, info.key


def _read_cases(path: Path) -> list[CaseLine]:
    return [parse(CaseLine, line, path, number) for number, line in read_lines(path)]


def _join(infos: tuple[RunInfo, ...], lines: list[CaseLine], again: list[CaseLine], path: Path) -> list[Run]:
    cases: dict[str, list[Case]] = {info.key: [] for info in infos}
    seconds: dict[str, list[Case]] = {info.key: [] for info in infos}
    for those, found in ((lines, cases), (again, seconds)):
        for line in those:
            if line.run not in found:
                raise RunError(f'"{place(path)}" has cases of run {line.run!r}, which {RUN_FILE} does not list.')
            found[line.run].append(line.case)
    return [Run(info=info, cases=tuple(cases[info.key]), again=tuple(seconds[info.key])) for info in infos]


def read_again(path: Path) -> list[CaseLine]:
    """The second answers in a run's journal of them, as lines of a finished folder."""
    found = read_journal(path)
    return [CaseLine(run=found.header.key, case=case) for case in found.cases.values()] if found.header else []


def _again(path: Path) -> tuple[Case, ...]:
    """Second answers of the run that is saved, or being measured, in a file of the same name."""
    return tuple(line.case for line in read_again(path.parent.parent / AGAIN / path.name))


def _partial(path: Path) -> Run | None:
    found = read_journal(path)
    if found.header is None or found.header.info is None:
        return None
    past = {"wall_seconds": sum(found.sessions.values()), "sessions": max(len(found.sessions), 1)}
    return Run(info=found.header.info.model_copy(update=past), cases=tuple(found.cases.values()), again=_again(path))
