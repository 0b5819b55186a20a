"""`dspysota runs`: run folders, listed, read at a glance, and removed."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dspysota.history import Entry

EXAMPLES = """\
examples:
  dspysota runs list
  dspysota runs show latest                what was measured, how it came out, and the files
  dspysota runs show 20261125T2047         any beginning that no other has
  dspysota runs rm 20261125T204742Z-c617 20261124T101112Z-00ff
  dspysota runs list --json                for scripts
"""

SCHEMA = 1
"""Version of what `--json` prints; fields are added under the same number, and never change their meaning."""

RUN = "a run folder, its name, as much of its beginning as no other has, or latest"


def add(subparsers: Any) -> None:
    """Add the command and its subcommands."""
    command = subparsers.add_parser(
        "runs",
        help="list, show and remove what was measured",
        description="Run folders: what was measured when, how it came out, and how much disk it takes.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    actions = command.add_subparsers(title="actions", metavar="ACTION", required=True)
    listing = _action(actions, "list", _list, "every run folder, the newest first, and the baselines")
    listing.add_argument("--json", action="store_true", help="as a JSON object, for scripts")
    show = _action(actions, "show", _show, "one folder: its runs, their scores, and its files")
    show.add_argument("folder", metavar="RUN", nargs="?", default="latest", help=f"{RUN}; default: latest")
    show.add_argument("--json", action="store_true", help="as a JSON object, for scripts")
    rm = _action(actions, "rm", _rm, "delete run folders for good; what was measured in them is then gone")
    rm.add_argument("runs", nargs="+", metavar="RUN", help=RUN)
    rm.add_argument("--yes", action="store_true", help="do not ask")


def _action(actions: Any, name: str, run: Callable[[argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = actions.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
    parser.add_argument(
        "--out", type=Path, default=Path("reports"), metavar="DIR", help="where run folders are; default: reports"
    )
    parser.set_defaults(run=run)
    return parser


def _list(args: argparse.Namespace) -> int:
    from dspysota import history

    found, saved = history.entries(args.out), history.baselines(args.out)
    if args.json:
        # ASCII, so that nothing in it can act on a terminal.
        print(json.dumps({"schema": SCHEMA, "runs": _plain(found), "baselines": _plain(saved)}, indent=1))
        return 0
    from dspysota.cli import run_page

    if found:
        run_page.print_runs(found)
    else:
        print(f"No run is stored in {args.out} yet; `pytest evals` makes one.", file=sys.stderr)
    if saved:
        print()
        run_page.print_baselines(saved)
    return 0


def _plain(entries: Sequence[Entry]) -> list[dict[str, Any]]:
    from dspysota.report import text

    return [{**one.model_dump(), "command": text.redacted(one.command)} for one in entries]


def _show(args: argparse.Namespace) -> int:
    from dspysota import history
    from dspysota.cli import run_page

    folder = history.find(args.folder, args.out)
    if args.json:
        print(json.dumps({"schema": SCHEMA, **run_page.as_json(folder)}, indent=1))
        return 0
    run_page.print_page(folder)
    return 0


def _rm(args: argparse.Namespace) -> int:
    from dspysota import history, store
    from dspysota.history import finding, folders
    from dspysota.models.progress import human

    # All of them first: a mistake in one name deletes nothing.
    names = list(dict.fromkeys(finding.inside(history.find(run, args.out), args.out) for run in args.runs))
    sizes = {name: folders.size(args.out / name) for name in names}
    if not args.yes and not _sure(names, human(sum(sizes.values()))):
        return 1
    for name in names:
        store.remove(args.out, name)
        print(f"{name}: deleted, {human(sizes[name])} freed")
    return 0


def _sure(names: Sequence[str], size: str) -> bool:
    """Ask; where nobody can answer, say what to type."""
    what = f"{len(names)} run folder{'s' if len(names) > 1 else ''}, {size}: {', '.join(names)}"
    if not sys.stdin.isatty():
        print(f"Nothing was deleted. With --yes these would be: {what}.", file=sys.stderr)
        return False
    try:
        answer = input(f"Delete {what}? What was measured in them is then gone. [y/N] ")
    except EOFError:
        answer = ""
    if answer.strip().lower() in ("y", "yes"):
        return True
    print("Nothing was deleted.", file=sys.stderr)
    return False
