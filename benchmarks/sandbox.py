"""What it costs to run a small program in the sandbox, its process included.

    python -m benchmarks.sandbox [--programs 500] [--threads 64]

The same program runs again and again, first in one thread and then in many; the table gives milliseconds a program on
the wall, and of this process's CPU, which is what the harness itself is slowed down by.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from functools import partial

from benchmarks.bare import table, timed
from dspysota import sandbox

PROGRAM = "def solution():\n    rolls = 6 * 12\n    left = rolls - 50\n    return left / 2\n\nprint(solution())"


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the table; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=int, default=500)
    parser.add_argument("--threads", type=int, default=64)
    options = parser.parse_args(arguments)
    sandbox.run(PROGRAM)  # the import is not what a program costs
    rows = []
    for threads in (1, options.threads):
        with ThreadPoolExecutor(threads) as pool:
            one = timed(partial(_all, pool, options.programs))
        rows.append([str(threads), *(f"{1000 * spent / options.programs:.2f}" for spent in (one.wall, one.cpu))])
    print(table(["threads", "ms a program", "of it here"], rows))
    return 0


def _all(pool: Executor, programs: int) -> tuple[int, int]:
    outcomes = pool.map(sandbox.run, [PROGRAM] * programs)
    return sum(outcome.printed == "11.0\n" for outcome in outcomes), 0


if __name__ == "__main__":
    raise SystemExit(main())
