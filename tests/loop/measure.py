"""One whole measurement as a command, for tests that interrupt it: measure.py BASE_URL OUT N CONCURRENCY."""

from __future__ import annotations

import sys
from pathlib import Path

from dspysota.loop import evaluate
from dspysota.records import Run
from dspysota.store import RunFolder
from tests.factories import make_info
from tests.loop.asking import RULES, make_examples, make_solver


def main(base_url, out, n, concurrency):
    folder = RunFolder.open(Path(out), "the-command")
    info = make_info(key="the-run", metrics=("exact_match", "brevity"), rows=int(n))
    with folder.journal("the-run", info) as journal:
        solve = make_solver(base_url)
        found = evaluate(solve, make_examples(int(n)), journal=journal, concurrency=int(concurrency), **RULES)
    past = {"wall_seconds": found.wall_seconds, "sessions": found.sessions}
    folder.save_run(Run(info=info.model_copy(update=past), cases=found.cases))
    folder.finish()


if __name__ == "__main__":
    main(*sys.argv[1:])
