"""Make the expected scores of tests/metrics/agreement anew, by the programs that our metrics must agree with.

Usage: python -m scripts.agreement gsm8k [--python PYTHON] [--runs REPORT]
       python -m scripts.agreement hotpotqa [--script FILE] [--runs REPORT]

gsm8k runs lm-evaluation-harness, in a throwaway environment or in that of PYTHON, which has `lm_eval`. hotpotqa runs
the official script, fetched from its repository or read from FILE. No metric of ours takes part. With --runs nothing
is written: the scores of the runs in the folder REPORT (such as reports/latest) are compared with the originals'.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import venv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dspysota.errors import SotaError
from scripts.agreement import fixture, harness, official, outputs, pairs, stored

ROOT = Path(__file__).resolve().parents[2]
HARNESS = "lm-eval==0.4.13"
SEED = 20261


def environment(folder: Path) -> Path:
    """Return the Python of a new environment with the harness; minutes."""
    venv.create(folder, with_pip=True)
    python = folder / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    subprocess.run([python, "-m", "pip", "install", "-q", HARNESS], check=True)
    return python


def scored(python: Path | None, rows: Sequence[outputs.Output]) -> tuple[str, list[list[float]]]:
    """Return the harness's version, and its scores of every row."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        python = python or environment(folder / "environment")
        asked, told = folder / "rows.jsonl", folder / "scores.jsonl"
        lines = [json.dumps({"question": f"Question {n}?", **row._asdict()}) + "\n" for n, row in enumerate(rows)]
        asked.write_text("".join(lines), encoding="utf-8")
        version = "from importlib.metadata import version; print(version('lm_eval'))"
        found = subprocess.run([python, "-c", version], check=True, capture_output=True, text=True).stdout.strip()
        subprocess.run([python, "-m", harness.__name__, asked, told], check=True, cwd=ROOT)
        return found, [json.loads(line) for line in told.read_text(encoding="utf-8").splitlines()]


def gsm8k(python: Path | None, runs: Path | None) -> str:
    """Write the fixture of GSM8K, or compare stored runs; return what to say."""
    if runs is not None:
        found = stored.cases(runs, "gsm8k")
        _, expected = scored(python, [stored.as_output(case) for case in found])
        return stored.compared(found, ("strict_match", "flexible_match"), [scores[:2] for scores in expected])
    rows = list(outputs.outputs(SEED))
    version, expected = scored(python, rows)
    head = {
        "by": f"lm-evaluation-harness {version}",
        "command": "python -m scripts.agreement gsm8k",
        "seed": SEED,
        "columns": [*outputs.Output._fields, [f"{task} {kind}" for task in harness.TASKS for kind in harness.FILTERS]],
    }
    return written("gsm8k", head, [[*row, scores] for row, scores in zip(rows, expected, strict=True)])


def hotpotqa(script: Path | None, runs: Path | None) -> str:
    """Write the fixture of HotpotQA, or compare stored runs; return what to say."""
    evaluate = official.Official(official.source(script))
    if runs is not None:
        found = stored.cases(runs, "hotpotqa")
        return stored.compared(found, ("em", "f1"), [evaluate([stored.as_pair(case)])[:2] for case in found])
    rows = list(pairs.pairs(SEED))
    head = {
        "by": f"hotpot_evaluate_v1.py of {official.URL}",
        "command": "python -m scripts.agreement hotpotqa",
        "seed": SEED,
        "columns": [*official.Pair._fields, list(official.COLUMNS)],
        "all": evaluate(rows),
    }
    return written("hotpotqa", head, [[*row, evaluate([row])] for row in rows])


def written(name: str, head: Mapping[str, Any], rows: Sequence[Any]) -> str:
    """Write a fixture; return what was."""
    path = fixture.write(name, head, rows)
    return f"{len(rows)} rows in {path.relative_to(ROOT)}, {path.stat().st_size / 1000:.0f} kB"


def main() -> int:
    """Write one fixture, or compare; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m scripts.agreement", description=__doc__.partition("\n")[0])
    tasks = parser.add_subparsers(dest="task", required=True)
    of_gsm8k, of_hotpotqa = tasks.add_parser("gsm8k"), tasks.add_parser("hotpotqa")
    of_gsm8k.add_argument("--python", type=Path, help=f"a Python that has {HARNESS}")
    of_hotpotqa.add_argument("--script", type=Path, help="hotpot_evaluate_v1.py")
    for task in (of_gsm8k, of_hotpotqa):
        task.add_argument("--runs", type=Path, metavar="REPORT", help="compare the runs of this folder; write nothing")
    chosen = parser.parse_args()
    try:
        made = gsm8k(chosen.python, chosen.runs) if chosen.task == "gsm8k" else hotpotqa(chosen.script, chosen.runs)
    except (SotaError, OSError, ValueError, subprocess.CalledProcessError) as error:
        print(f"agreement: {error}", file=sys.stderr)
        return 1
    print(made)
    return 0


if __name__ == "__main__":
    sys.exit(main())
