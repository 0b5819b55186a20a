"""`dspysota results FOLDER… --output docs/results.md`: the table of everything measured, and how."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from dspysota.cli.report import commands, load
from dspysota.errors import ConfigError


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `results` to the command line."""
    parser = subparsers.add_parser(
        "results",
        help="write the table of results of stored runs, with the commands that made them",
        description="Writes scores with 95% intervals, tokens, seconds and failure classes as Markdown. In an existing "
        "document only the part between the dspysota markers is replaced.",
    )
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER", help="a run folder, such as reports/latest")
    parser.add_argument(
        "--output",
        type=Path,
        metavar="FILE",
        help="the document, in a folder that exists; without it the table is printed",
    )
    parser.add_argument(
        "--block",
        default="",
        metavar="NAME",
        help="which block of the document, where it has several; default: the one without a name",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Write or print the table. Returns 0; raises ConfigError where the document's folder is missing."""
    from dspysota.report import results, write

    if args.output is not None and not args.output.parent.is_dir():
        raise ConfigError(f"There is no folder {str(args.output.parent)!r} for {args.output.name!r}; make it first.")
    runs, meta = load(args.folders)
    body = results.body(runs, commands(args.folders), meta)
    if args.output is None:
        print(body)
        return 0
    existing = args.output.read_text(encoding="utf-8") if args.output.exists() else None
    write(args.output, results.merged(existing, body, args.block))
    print(f"{args.output}: {len(runs)} runs", file=sys.stderr)
    return 0
