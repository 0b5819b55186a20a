"""`dspysota lift [FOLDER…]`: where the lift of every optimized program came from, of stored runs alone."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from dspysota.cli.report import commands, load

if TYPE_CHECKING:
    from dspysota.lift import Ladder, Step

LATEST = Path("reports", "latest")

DESCRIPTION = """\
Shows the steps from the unoptimized program to each optimized one: DSPy's default format, the format chosen, the
instructions, the demonstrations, and the samples. Each step is a run on the same rows, with its score, the paired
difference to the step before it (95% intervals), and its tokens a question. Nothing is measured: steps that are
missing are named, and `pytest … --sota-lift` measures them.
"""


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `lift` to the command line."""
    parser = subparsers.add_parser(
        "lift",
        help="show what an optimized program owes to format, instructions, demonstrations and samples",
        description=DESCRIPTION,
    )
    parser.add_argument(
        "folders", nargs="*", type=Path, metavar="FOLDER", default=[LATEST], help=f"run folders; default: {LATEST}"
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the ladders. Returns 0, also where no program was optimized; raises RunError for a folder without runs."""
    from dspysota.lift import ladders

    runs, _ = load(args.folders)
    found = ladders(runs)
    # Runs that a script measured have no command with options.
    made = [command for command in commands(args.folders) if command.startswith("pytest")]
    cure = [f"{command} --sota-lift" for command in made if "--sota-lift" not in command]
    cure = cure if any(ladder.missing for ladder in found) else []
    if args.json:
        print(as_json(found, cure))
        return 0
    if not found:
        print(f"None of the {len(runs)} runs is of an optimized program whose steps were recorded.")
    for ladder in found:
        _show(ladder)
    for command in cure:
        Console(soft_wrap=True).print(Text(f"measure what is missing: {_plain(command)}"))
    return 0


def as_json(found: tuple[Ladder, ...], cure: list[str]) -> str:
    """The ladders, what they say in sentences, and the commands that measure what is missing, as one JSON object."""
    from dspysota.lift import sentences
    from dspysota.report import text

    shown = [{**asdict(ladder), "sentences": sentences(ladder)} for ladder in found]
    return json.dumps({"ladders": shown, "measure": [text.redacted(one) for one in cure]}, indent=2)


def _show(ladder: Ladder) -> None:
    from dspysota.lift import sentences

    console = Console()
    # Piped into a file or another program, a row is one line, whatever a terminal would be wide.
    console = console if console.is_terminal else Console(width=140)
    table = Table(box=None, title=Text(_plain(ladder.name)), title_justify="left", pad_edge=False)
    for column in ("step", "program"):
        table.add_column(column, no_wrap=True)
    for column in (f"{_plain(ladder.metric)} [95%]", "difference [95%]", "tokens", "errors"):
        table.add_column(Text(column), justify="right", no_wrap=True)
    for step in ladder.steps:
        table.add_row(*(Text(_plain(cell)) for cell in _cells(step)))
    console.print(table)
    for sentence in sentences(ladder):
        print(_plain(sentence))
    print()


def _cells(step: Step) -> tuple[str, ...]:
    from dspysota.lift import label
    from dspysota.report import text

    if step.state == "measured":
        difference = text.changed(step.change.value, step.change.interval) if step.change else "–"
    else:
        difference = f"{step.state}: {step.remark}"
    return (
        label(step.name),
        step.described,
        text.scored(step.score, step.interval),
        difference,
        "–" if step.score is None else text.tokens(step.tokens),
        str(step.errors),
    )


def _plain(words: str) -> str:
    # Names come from files: no control characters reach the terminal, and no credentials of a command.
    from dspysota.report import text

    return text.visible(" ".join(text.redacted(words).split()))
