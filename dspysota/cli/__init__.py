"""The `dspysota` command. Each subcommand is one file here with `add(subparsers)` and `run(args)`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module

from dspysota import __version__
from dspysota.errors import SotaError

COMMANDS = (
    "doctor",
    "models",
    "programs",
    "serve",
    "formats",
    "runs",
    "view",
    "report",
    "compare",
    "lift",
    "results",
    "export",
)
"""The subcommands, in the order of `dspysota --help`: the names of the modules beside this one."""

EXAMPLES = """\
examples:
  dspysota doctor                            what is missing on this machine, and the command that cures it
  dspysota models list                       the models that can be named, and which are here
  dspysota models pull qwen2.5-coder-0.5b    fetch, verify and convert a model's weights
  dspysota programs list                     the compiled programs, and what they took
  dspysota serve smollm2-135m                start its server by hand
  dspysota formats smollm2-135m gsm8k        find the prompt format that suits it
  dspysota runs list                         what was measured, when, and how it came out
  dspysota view                              all reports, and how scores went, in the browser
  dspysota export latest --format parquet    every case, for a notebook

Experiments are run by pytest: `pytest evals -m gsm8k`.
"""


def parser() -> argparse.ArgumentParser:
    """Build the whole command line; every subcommand stores its `run` under that name."""
    top = argparse.ArgumentParser(
        prog="dspysota",
        description="Can this small local model, with an optimized DSPy program, replace that large one?",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=f"dspysota {__version__}")
    subparsers = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name in COMMANDS:
        import_module(f"dspysota.cli.{name}").add(subparsers)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. Returns 0, or 2 after an error that is ours to explain, or 130 after Ctrl-C."""
    args = parser().parse_args(argv)
    try:
        code: int = args.run(args)
    except SotaError as error:
        print(f"dspysota: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("dspysota: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # The reader of our output (`| head`) has seen enough.
        sys.stderr.close()
        return 0
    return code
