"""`dspysota export RUN --format parquet|jsonl|lm-eval|mlflow`: stored cases for other tools."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from dspysota.cli.runs import RUN
from dspysota.errors import ConfigError

if TYPE_CHECKING:
    from dspysota.records import Run

FORMATS = ("parquet", "jsonl", "lm-eval", "mlflow")

EXAMPLES = """\
examples:
  dspysota export latest --format parquet                  reports/latest/exports/cases.parquet
  dspysota export latest --format lm-eval --output logs    as lm_eval --log_samples writes
  dspysota export latest --format mlflow --output sqlite:///mlflow.db

docs/history.md says what is in each.
"""


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `export` to the command line."""
    parser = subparsers.add_parser(
        "export",
        help="write stored cases as Parquet, JSON lines or lm-eval's sample logs, or log runs to MLflow",
        description="Writes every case of a run folder in a form that other tools read. Nothing that is there is "
        "replaced unless --force is given.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folder", metavar="RUN", help=RUN)
    parser.add_argument("--format", choices=FORMATS, required=True, help="what to write")
    parser.add_argument(
        "--output",
        metavar="DIR",
        help="write there instead of into the run folder's own exports/; with mlflow, the URI of the store",
    )
    parser.add_argument("--force", action="store_true", help="replace files that are there")
    parser.add_argument(
        "--out", type=Path, default=Path("reports"), metavar="DIR", help="where run folders are; default: reports"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Write the files and name them. Returns 0; raises ConfigError or RunError."""
    from dspysota import exports, history, store

    folder = history.find(args.folder, args.out)
    runs = store.load_runs(folder)
    if args.format == "mlflow":
        return _log(args, folder, runs)
    output = Path(args.output) if args.output else folder / exports.FOLDER
    if history.entry(folder).status == "unfinished":
        print(f"{folder.name} is not finished: exported is what there is of it.", file=sys.stderr)
    for path in exports.export(runs, args.format, output, source=folder.name, force=args.force):
        print(path)
    return 0


def _log(args: argparse.Namespace, folder: Path, runs: list[Run]) -> int:
    if not args.output:
        raise ConfigError("Say where the runs are to be logged: --output URI, such as sqlite:///mlflow.db.")
    from dspysota import tracking
    from dspysota.report.meta import ReportMeta, load_meta

    meta = load_meta(folder) or ReportMeta(command="")
    print(tracking.log(tracking.address(args.output, Path.cwd()), folder, runs, meta))
    return 0
