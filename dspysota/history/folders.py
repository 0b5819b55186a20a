"""Run folders at a glance: read without their cases, which are only counted."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from pydantic import Field

from dspysota.errors import RunError
from dspysota.gate.baselines import FOLDER
from dspysota.history.finding import names
from dspysota.records import Record, RunInfo
from dspysota.report.meta import ReportMeta, load_meta
from dspysota.store.reading import CASES_FILE, JOURNALS, RUN_FILE, SAVED, read_info, read_manifest

TITLE = "dspysota: "
"""What the title of a session's report begins with; behind it stands the profile's name."""


class Entry(Record):
    """One run folder, or one baseline."""

    name: str
    status: Literal["finished", "unfinished", "damaged"]
    """`unfinished` is measured just now, or waits for the same command to go on."""
    why: str = ""
    """What cannot be read in it, in a sentence; empty where all can."""
    started: str = ""
    """UTC, ISO 8601; empty where it is not known."""
    finished: str | None = None
    profile: str = ""
    """As the report's title has it; empty before a report was written."""
    command: str = ""
    runs: int = 0
    """Those that are done."""
    measuring: int = 0
    """Those that have a journal and are not done."""
    cases: int = 0
    """Of all of them."""
    tasks: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    commits: tuple[str, ...] = ()
    verdicts: dict[str, int] = Field(default_factory=dict)
    """How often each outcome of a claim came out."""
    cleared: int = 0
    """Runs that cleared the bars that tests held them to, and those that `missed` one."""
    missed: int = 0
    unmade: int = 0
    """Runs that could not be made; of folders that did not count them the tests that asked for one."""
    bytes: int = 0
    """On disk, reports and exports included."""


def entries(out: Path) -> list[Entry]:
    """Every run folder of a reports folder, the newest first; none where there is no such folder."""
    return [entry(out / name) for name in names(out)]


def baselines(out: Path) -> list[Entry]:
    """Every saved baseline, by name."""
    folder = out / FOLDER
    found = [path for path in folder.iterdir() if (path / RUN_FILE).is_file()] if folder.is_dir() else []
    return [entry(path) for path in sorted(found)]


def entry(folder: Path) -> Entry:
    """One folder; a damaged one says why, and raises nothing."""
    try:
        manifest = read_manifest(folder)
    except RunError as error:
        return Entry(name=folder.name, status="damaged", why=str(error), bytes=size(folder))
    done = manifest.status == "finished"
    why, meta = _meta(folder)
    infos: Iterable[RunInfo] = manifest.runs
    measuring = 0
    if not done:
        infos, measuring, trouble = _under_way(folder)
        why = why or trouble
    infos = tuple(infos)
    outcomes = Counter(one.outcome for one in meta.outcomes.values())
    return Entry(
        name=folder.name,
        status="finished" if done else "unfinished",
        why=why,
        started=manifest.started,
        finished=manifest.finished,
        profile=meta.title.removeprefix(TITLE) if meta.title.startswith(TITLE) else "",
        command=manifest.command or meta.command,
        runs=len(infos),
        measuring=measuring,
        cases=_lines(folder / CASES_FILE) if done else _answered(folder, len(infos), measuring),
        tasks=_distinct(info.data.name for info in infos),
        models=_distinct(info.model.name for info in infos),
        commits=_distinct(info.commit for info in infos),
        verdicts=dict(Counter(str(one.verdict.outcome) for one in meta.verdicts)),
        cleared=outcomes["passed"],
        missed=outcomes["failed"],
        unmade=len(meta.missing or meta.unmade),
        bytes=size(folder),
    )


def size(folder: Path) -> int:
    """Bytes of all files of a folder; links are not followed, and files that vanish meanwhile count nothing."""
    total = 0
    for place, _, files in os.walk(folder):
        for file in files:
            try:
                total += os.lstat(os.path.join(place, file)).st_size
            except OSError:
                continue
    return total


def _meta(folder: Path) -> tuple[str, ReportMeta]:
    try:
        return "", load_meta(folder) or ReportMeta(command="")
    except RunError as error:
        return str(error), ReportMeta(command="")


def _under_way(folder: Path) -> tuple[list[RunInfo], int, str]:
    """Runs that are done, how many are not, and what cannot be read."""
    infos, why = [], ""
    saved = sorted((folder / SAVED).glob("*.jsonl"))
    for path in saved:
        try:
            infos.append(read_info(path))
        except RunError as error:
            why = str(error)
    done = {path.stem for path in saved}
    return infos, sum(path.stem not in done for path in (folder / JOURNALS).glob("*.jsonl")), why


def _answered(folder: Path, done: int, measuring: int) -> int:
    """Cases of an unfinished folder: each file has one line that is none; a journal may also note ends of sessions."""
    saved = {path.stem: path for path in (folder / SAVED).glob("*.jsonl")}
    journals = [path for path in (folder / JOURNALS).glob("*.jsonl") if path.stem not in saved]
    lines = sum(map(_lines, saved.values())) - done
    return lines + sum(_lines(path, b'"case":{') for path in journals)


def _lines(path: Path, having: bytes = b"") -> int:
    try:
        with path.open("rb") as file:
            return sum(having in line for line in file if line.strip())
    except OSError:
        return 0


def _distinct(values: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in values if value))
