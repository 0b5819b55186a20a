"""`dspysota programs`: compiled programs, listed, read, and carried from one machine to another."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dspysota.compiling.library import Damaged, Stored

EXAMPLES = """\
examples:
  dspysota programs list
  dspysota programs show 8ce84424                   instructions, demonstrations, and the very prompt
  dspysota programs show 8ce84424 --question "What is 2 + 2?"
  dspysota programs export 8ce84424 program.json    to take it elsewhere, or to keep it in git
  dspysota programs import program.json
  dspysota programs rm 8ce84424
"""

KEY = "the key, or as much of its beginning as no other has"
EMPTY = """\
No program is stored yet. Experiments store what their approaches compile, as `pytest evals -k bootstrap` does; \
`dspysota programs import FILE` takes one from elsewhere."""


def add(subparsers: Any) -> None:
    """Add the command and its subcommands."""
    command = subparsers.add_parser(
        "programs",
        help="list, show, export, import and remove compiled programs",
        description="Compiled programs: what is stored, what it sends to the model, and how it gets elsewhere.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    actions = command.add_subparsers(title="actions", metavar="ACTION", required=True)
    listing = _action(actions, "list", _list, "every stored program, the newest first, and what it took")
    listing.add_argument("--json", action="store_true", help="as a JSON array, for scripts")
    show = _action(actions, "show", _show, "instructions, demonstrations, and the messages that the model will see")
    show.add_argument("key", metavar="KEY", help=f"{KEY}; or the path of an exported file or of a program.json")
    show.add_argument("--question", metavar="TEXT", help="ask this; default: a short made-up question of the task")
    export = _action(actions, "export", _export, "write a program to one JSON file, without addresses or keys")
    export.add_argument("key", metavar="KEY", help=KEY)
    export.add_argument("file", metavar="FILE", type=Path)
    export.add_argument("--force", action="store_true", help="replace FILE")
    take = _action(actions, "import", _import, "verify an exported program and store it under the key that it had")
    take.add_argument("file", metavar="FILE", type=Path)
    take.add_argument("--force", action="store_true", help="replace a different program of the same key")
    rm = _action(actions, "rm", _rm, "delete programs; experiments compile them again when they need them")
    rm.add_argument("keys", nargs="+", metavar="KEY", help=KEY)


def _action(actions: Any, name: str, run: Callable[[argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = actions.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
    parser.set_defaults(run=run)
    return parser


def _list(args: argparse.Namespace) -> int:
    from dspysota.compiling import library

    sound, damaged = library.entries()
    if args.json:
        # ASCII, so that nothing in it can act on a terminal.
        print(json.dumps([*map(_facts, sound), *map(_damage, damaged)], indent=1))
        return 0
    if not sound and not damaged:
        print(EMPTY, file=sys.stderr)
        return 0
    from dspysota.cli import program_page

    if sound:
        program_page.print_table(sound, library.names())
    for entry in damaged:
        print(f"{library.short(entry.name, library.names())}  damaged: {program_page.line(entry.why, 1000)}")
    return 0


def _facts(entry: Stored) -> dict[str, Any]:
    info = entry.meta.info
    return {
        "key": entry.meta.key,
        **{name: entry.part(name) for name in ("task", "program", "approach", "adapter")},
        "model": entry.model,
        "weights": entry.weights,
        "trained_weights": info.training.digest if info.training else None,
        "seed": entry.meta.parts.get("seed"),
        "made": entry.when.isoformat(),
        "versions": entry.meta.versions,
        "calls": info.calls,
        "tokens": info.usage.total_tokens,
        "usd": info.usd,
        "seconds": info.seconds,
        "demonstrations": {name: len(predictor.demos) for name, predictor in entry.predictors.items()},
        "damaged": None,
    }


def _damage(entry: Damaged) -> dict[str, str]:
    return {"key": entry.name, "damaged": entry.why}


def _show(args: argparse.Namespace) -> int:
    from dspysota.cli import program_page
    from dspysota.compiling import bundle, library

    # As a shell does: what has a slash in it is a path.
    path = os.sep in args.key or args.key.endswith(".json")
    entry = bundle.open_file(Path(args.key)) if path else library.find(args.key)
    from dspysota.approaches import showing  # late, and after what may fail at once: it imports DSPy

    for text in program_page.page(entry, showing.walk(entry, args.question), args.question):
        print(text)
    return 0


def _export(args: argparse.Namespace) -> int:
    from dspysota.compiling import bundle, library

    entry = library.find(args.key)
    bundle.export(entry, args.file, force=args.force)
    print(f"{entry.meta.key[: library.SHORTEST]}: written to {args.file}")
    return 0


def _import(args: argparse.Namespace) -> int:
    from dspysota.cli import program_page
    from dspysota.compiling import bundle

    entry = bundle.open_file(args.file)
    from dspysota.approaches import showing

    showing.rebuilt(entry)
    stored = bundle.keep(entry, force=args.force)
    print(f"{program_page.title(entry)}: {'stored' if stored else 'here already, nothing to do'}")
    print(f"  {program_page.cost(entry)}; {program_page.demonstrations(entry)}")
    for remark in program_page.foreign(entry):
        print(f"  {remark}")
    return 0


def _rm(args: argparse.Namespace) -> int:
    from dspysota.compiling import library
    from dspysota.models.progress import human

    # All of them first: a mistake in one name deletes nothing.
    for name in dict.fromkeys([library.match(key) for key in args.keys]):
        print(f"{name[: library.SHORTEST]}: deleted, {human(library.remove(name))} freed")
    return 0
