"""`dspysota doctor`: what is wrong on this machine, and the command that cures it."""

from __future__ import annotations

import argparse
from collections.abc import Iterable

from rich.console import Console
from rich.text import Text

from dspysota.doctor import Finding, Level, examine

COLORS = {Level.OK: "green", Level.HINT: "yellow", Level.FAULT: "bold red"}


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser(
        "doctor",
        help="check Python, vLLM, torch, hardware, weights and data",
        description="Check this machine, one line each: ok, hint (slower or poorer) or fault (does not work), "
        "with the command that cures it. Exits with 1 when there is a fault. Asks the hub and the package index "
        "for one page each, two seconds at most.",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the findings as they are made. Returns 1 when there is a fault."""
    return show(examine(), Console(soft_wrap=True, highlight=False))


def show(findings: Iterable[Finding], console: Console) -> int:
    """Print each finding as it comes, then a verdict. Returns the exit status."""
    counts = dict.fromkeys(Level, 0)
    found = iter(findings)
    while True:
        with Console(stderr=True).status("checking …"):
            finding = next(found, None)
        if finding is None:
            break
        counts[finding.level] += 1
        line = Text(f"{finding.level:<6}", style=COLORS[finding.level])
        line.append(f"{finding.subject:<13}", style="bold not dim").append(finding.text, style="default")
        if finding.cure:
            line.append(f"  →  {finding.cure}", style="cyan")
        console.print(line)
    faults, hints = counts[Level.FAULT], counts[Level.HINT]
    said = f"{faults} fault{'s' * (faults != 1)}" if faults else "This machine can run the experiments"
    console.print(f"\n{said}{f', {hints} hint' + 's' * (hints != 1) if hints else ''}.")
    return 1 if faults else 0
