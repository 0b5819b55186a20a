"""`dspysota report RUN…`: make the report files of stored runs again."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from dspysota.cli.runs import RUN
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
    parser.add_argument("folders", nargs="+", type=Path, metavar="RUN", help=RUN)
    parser.add_argument("--output", type=Path, metavar="DIR", help="write there instead of into the run folder itself")
    parser.add_argument("--title", help="the report's title")
    parser.add_argument(
        "--prices",
        metavar="NAME|FILE",
        help="count what runs cost by this profile's prices instead of those stored; nothing is measured again",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Write the files and name them. Returns 0."""
    from dspysota.report import write_all

    if len(args.folders) > 1 and args.output is None:
        raise ConfigError("Several folders make one report, which needs a place: add --output DIR.")
    if args.prices and args.output is None:
        raise ConfigError("With other prices a report no longer shows what is stored beside it: add --output DIR.")
    runs, meta = load(args.folders)
    if args.prices:
        runs = repriced(runs, args.prices)
    if args.title:
        meta = meta.model_copy(update={"title": args.title})
    for path in write_all(args.output or located(args.folders[0]), runs, meta).values():
        print(path)
    return 0


def load(folders: list[Path]) -> tuple[list[Run], ReportMeta]:
    """All runs of the folders with their outcomes; commands are joined.

    Raises ConfigError for what is no run folder, and RunError for one that cannot be read.
    """
    from dspysota.report.meta import load_meta, merged
    from dspysota.store import load_runs

    found = [located(folder) for folder in folders]
    runs = [run for folder in found for run in load_runs(folder)]
    metas = [meta for folder in found if (meta := load_meta(folder)) is not None]
    return runs, merged(metas).model_copy(update={"command": " && ".join(commands(folders))})


def located(folder: Path) -> Path:
    """The run folder of a path; or, below `reports`, of a name, its beginning, or `latest`. Raises ConfigError."""
    from dspysota.history import find

    return find(str(folder), Path("reports"))


def repriced(runs: list[Run], profile_name: str) -> list[Run]:
    """The runs with the prices of a profile, as if they had been measured with it. Raises ConfigError."""
    from dspysota import experiment, profiles

    profile = profiles.load(profile_name, root=Path.cwd(), known=experiment.known())
    return [experiment.priced_by(run, profile) for run in runs]


def commands(folders: list[Path]) -> list[str]:
    """The commands that made the folders, each once, in order."""
    from dspysota.report.meta import load_meta
    from dspysota.store.reading import read_manifest

    found = []
    for folder in map(located, folders):
        meta = load_meta(folder)
        found.append(meta.command if meta and meta.command else read_manifest(folder).command)
    return list(dict.fromkeys(one for one in found if one))
