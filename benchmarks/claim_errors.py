"""How often a claim's verdict errs, how often it decides, and what stopping early saves: docs/statistics.md.

    python -m benchmarks.claim_errors [--reps 40000] [--jobs 2] [--output docs/statistics.md]

Everything is drawn from fixed seeds: the same command gives the same figures.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from dspysota.report.block import Block

TABLES = Block("claim errors", "python -m benchmarks.claim_errors")
"""Where they stand in the document."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the tables, or puts them into a document between the markers; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reps", type=int, default=40_000, help="draws a row; fewer where one takes long")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--output", type=Path, metavar="FILE", help="the document; without it the tables are printed")
    options = parser.parse_args(arguments)
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # one core a process
    started = time.perf_counter()
    body = _body(options.reps, options.jobs)
    print(f"{time.perf_counter() - started:.0f} s", file=sys.stderr)
    if options.output is None:
        print(body)
        return 0
    text = options.output.read_text(encoding="utf-8") if options.output.exists() else ""
    options.output.write_text(TABLES.put(text, body), encoding="utf-8")
    return 0


def _body(reps: int, jobs: int) -> str:
    from benchmarks import claim_tables, claim_watched

    parts = [f"`python -m benchmarks.claim_errors --reps {reps}`"]
    chosen = [*claim_tables.tables(reps), *claim_watched.tables(reps)]
    if jobs == 1:
        made = [[task() for task in table.tasks] for table in chosen]
    else:
        with ProcessPoolExecutor(jobs) as pool:
            waiting = [[pool.submit(task) for task in table.tasks] for table in chosen]
            made = []
            for table, rows in zip(chosen, waiting, strict=True):
                made.append([row.result() for row in rows])
                print(table.title, file=sys.stderr, flush=True)
    for table, rows in zip(chosen, made, strict=True):
        parts += [f"### {table.title}", table.text, _markdown(table.columns, rows)]
    return "\n\n".join(parts)


def _markdown(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [columns, ["-:"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    raise SystemExit(main())
