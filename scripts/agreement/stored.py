"""Stored runs of real models: what they scored, beside what the originals give the same outputs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from dspysota.errors import DataError
from dspysota.records import Case
from dspysota.store import load_runs
from scripts.agreement.official import Pair
from scripts.agreement.outputs import Output


def cases(folder: Path, task: str) -> list[Case]:
    """Return the cases of a task in a report's folder, of one call each and without an error.

    Of more calls, a stored case does not say which one decided. Raises a SotaError where there are none.
    """
    every = [case for run in load_runs(folder) if run.info.task == task for case in run.cases]
    found = [case for case in every if case.error is None and len(case.calls) == 1]
    if not found:
        raise DataError(f"There is no case of {task} with a single call in '{folder}'.")
    return found


def as_output(case: Case) -> Output:
    """Return a case of GSM8K; the stored gold is the number alone."""
    return Output("styled", f"#### {case.gold}", case.calls[0].output)


def as_pair(case: Case) -> Pair:
    """Return a case of HotpotQA, without facts: a stored case has no gold ones."""
    blank = not (case.prediction or "").strip()
    return Pair(None if blank else case.prediction, case.gold, None, [])


def compared(found: Sequence[Case], names: Sequence[str], expected: Iterable[Sequence[float]]) -> str:
    """Return how many cases there are, which disagree, and how often each combination of scores occurs."""
    shown = [*names, *(name for name in found[0].scores if name == "exact_match")]
    differing, counts = [], Counter[tuple[bool, ...]]()
    for case, scores in zip(found, expected, strict=True):
        if any(abs(case.scores[name] - score) > 1e-12 for name, score in zip(names, scores, strict=True)):
            differing.append(case.case_id)
        counts[tuple(case.scores[name] >= 1 for name in shown)] += 1
    lines = [f"{len(found)} cases, {len(differing)} differ {' '.join(differing)}".rstrip(), "  ".join(shown)]
    for right, count in sorted(counts.items()):
        marks = "  ".join(f"{mark:>{len(name)}d}" for name, mark in zip(shown, right, strict=True))
        lines.append(f"{marks}  {count} cases")
    return "\n".join(lines)
