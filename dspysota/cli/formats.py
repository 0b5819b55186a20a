"""`dspysota formats MODEL TASK`: which adapter suits a model, tried on a few training questions."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from dspysota.profiles.values import MOST_AT_ONCE

if TYPE_CHECKING:
    from dspysota.experiment import Tried, TriedFormats

EXAMPLES = """\
examples:
  dspysota formats qwen2.5-coder-0.5b gsm8k
  dspysota formats qwen2.5-coder-0.5b hotpotqa --approach few_shot --rows 48
  dspysota formats my-model gsm8k --base-url http://127.0.0.1:8000/v1 --adapter plain --adapter completion
"""

ROWS = 24
CONCURRENCY = 16


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "formats",
        help="find the prompt format that suits a model",
        description="Tries every adapter on the same few training questions (never test questions) and shows score, "
        "unreadable answers, tokens and seconds, the best first. Nothing is stored.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("model", metavar="MODEL", help="a model of `dspysota models list`, or one that the URL serves")
    parser.add_argument("task", metavar="TASK", help="gsm8k or hotpotqa")
    parser.add_argument("--rows", type=_count, default=ROWS, metavar="N", help=f"training questions; default: {ROWS}")
    parser.add_argument("--data", type=Path, metavar="DIR", help="benchmark rows of yours, as for --sota-data")
    parser.add_argument("--base-url", metavar="URL", help="an OpenAI-compatible endpoint instead of an own server")
    parser.add_argument("--program", metavar="NAME", help="default: the task's first")
    parser.add_argument("--approach", choices=("zero_shot", "few_shot"), default="zero_shot", help="default: zero_shot")
    parser.add_argument(
        "--adapter", action="append", dest="adapters", metavar="NAME", help="try this one; repeatable; default: all"
    )
    parser.add_argument(
        "--concurrency",
        type=_at_once,
        default=CONCURRENCY,
        metavar="N",
        help=f"questions at once; default: {CONCURRENCY}",
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Try the adapters and print what came of it. Returns 0; raises SotaError where nothing can be tried."""
    from dspysota import experiment, programs
    from dspysota.profiles import Profile

    profile = Profile(name="formats", concurrency=args.concurrency)
    settings = experiment.Settings(root=Path.cwd(), out=Path("reports"), data=args.data, base_url=args.base_url)
    progress = experiment.ConsoleProgress(Console(stderr=True))
    workbench = experiment.Workbench(profile, settings, progress=progress)
    names = {"task": args.task, "model": args.model, "program": args.program, "approach": args.approach}
    adapters = list(dict.fromkeys(args.adapters or programs.adapters()))
    cells = [workbench.cell(**names, adapter=adapter) for adapter in adapters]
    found = experiment.try_formats(workbench, cells, args.rows)
    data, told = workbench.data(args.task), experiment.advice(found.tried)
    facts = {**names, "program": cells[0].program, "data": data.name, "split": "train", "concurrency": args.concurrency}
    if args.json:
        print(as_json(found, facts, told))
        return 0
    print(
        f"{args.model} on training rows of {data.name}, {cells[0].program}, {args.approach}, {args.concurrency} at once"
    )
    _show(found.tried)
    for line in _remarks(found):
        print(line)
    print(told)
    return 0


def as_json(found: TriedFormats, facts: dict[str, str | int], told: str) -> str:
    """Everything that was found out, as one JSON object."""
    tried = [{**asdict(one), "interval": list(one.interval)} for one in found.tried]
    return json.dumps({**facts, "tried": tried, "left_out": found.left_out, "advice": told}, indent=2)


def _show(tried: tuple[Tried, ...]) -> None:
    from dspysota.report import text

    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("adapter", no_wrap=True)
    for column in ("score", "95% interval", "questions", "unreadable", "truncated", "errors", "tokens", "seconds"):
        table.add_column(column, justify="right", no_wrap=True)
    for one in tried:
        counts = (one.questions, one.unparsable, one.truncated, one.errors)
        table.add_row(
            one.adapter,
            f"{one.score:.3f}",
            f"{one.interval.low:.3f}..{one.interval.high:.3f}",
            *map(str, counts),
            text.tokens(one.tokens),
            f"{one.seconds:.2f}",
        )
    console = Console()
    # Piped into a file or another program, a row is one line, whatever a terminal would be wide.
    (console if console.is_terminal else Console(width=120)).print(table)
    print("\ntokens, seconds: a question's prompt and completion tokens, and its wall time with others beside it.")


def _remarks(found: TriedFormats) -> list[str]:
    """Say why adapters were left out, each reason once, and what the errors were."""
    reasons: dict[str, list[str]] = {}
    for adapter, reason in found.left_out.items():
        reasons.setdefault(reason, []).append(adapter)
    left_out = [f"Not tried: {', '.join(names)}. {_one_line(reason)}" for reason, names in reasons.items()]
    return left_out + [f"Errors of {one.adapter}, such as: {_one_line(one.error)}" for one in found.tried if one.error]


def _one_line(text: str) -> str:
    # A server's words are somebody else's text: no control characters reach the terminal.
    return "".join(char if char.isprintable() else " " for char in text)


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 100_000:
        raise argparse.ArgumentTypeError(f"'{text}' is no number of questions; give a whole number from 1 to 100000")
    return int(text)


def _at_once(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MOST_AT_ONCE:
        raise argparse.ArgumentTypeError(f"'{text}' questions at once cannot be; give a whole number to {MOST_AT_ONCE}")
    return int(text)
