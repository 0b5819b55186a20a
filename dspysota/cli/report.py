"""`dspysota report FOLDER…`: make the report files of stored runs again."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from dspysota.errors import ConfigError

if TYPE_CHECKING:
    from dspysota.records import Run
    from dspysota.report.meta import ReportMeta


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `report` to the command line."""
    parser = subparsers.add_parser(
        "report",
        help="make the HTML, Markdown and JUnit reports of stored runs again",
        description="Makes report.html, summary.md and junit.xml again from run.json and cases.jsonl. With several "
        "folders and --output, one report holds all their runs.",
    )
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER", help="a run folder, such as reports/latest")
    parser.add_argument("--output", type=Path, metavar="DIR", help="write there instead of into the run folder itself")
    parser.add_argument("--title", help="the report's title")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Write the files and name them. Returns 0."""
    from dspysota.report import write_all
    from dspysota.store import resolved

    if len(args.folders) > 1 and args.output is None:
        raise ConfigError("Several folders make one report, which needs a place: add --output DIR.")
    runs, meta = load(args.folders)
    if args.title:
        meta = meta.model_copy(update={"title": args.title})
    for path in write_all(args.output or resolved(args.folders[0]), runs, meta).values():
        print(path)
    return 0


def load(folders: list[Path]) -> tuple[list[Run], ReportMeta]:
    """All runs of the folders with their outcomes; commands are joined. Raises RunError for a folder without runs."""
    from dspysota.report.meta import Outcome, ReportMeta, load_meta
    from dspysota.store import load_runs, resolved

    runs: list[Run] = []
    outcomes: dict[str, Outcome] = {}
    titles, gates = [], []
    for folder in map(resolved, folders):
        runs += load_runs(folder)
        meta = load_meta(folder)
        if meta:
            outcomes |= meta.outcomes
            titles.append(meta.title)
            gates += [meta.gate] if meta.gate else []
    gate = gates[0] if len(gates) == 1 else None  # of several, none decides on all runs
    title = titles[0] if len(set(titles)) == 1 else "dspysota report"
    return runs, ReportMeta(command=" && ".join(commands(folders)), title=title, outcomes=outcomes, gate=gate)


def commands(folders: list[Path]) -> list[str]:
    """The commands that made the folders, each once, in order."""
    from dspysota.report.meta import load_meta
    from dspysota.store.reading import read_manifest, resolved

    found = []
    for folder in map(resolved, folders):
        meta = load_meta(folder)
        found.append(meta.command if meta and meta.command else read_manifest(folder).command)
    return list(dict.fromkeys(one for one in found if one))
