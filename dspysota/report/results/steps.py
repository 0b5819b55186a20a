"""The lift of every optimized run, a row each."""

from __future__ import annotations

from collections.abc import Sequence

from dspysota.lift import Change, Ladder, Name, label, ladders
from dspysota.records import Run
from dspysota.report import text
from dspysota.report.results.rows import table

STEPS: tuple[Name, ...] = ("format", "instructions", "demonstrations", "weights", "samples")


def steps(runs: Sequence[Run]) -> list[str]:
    """A table of the differences that each step brought, and of the gap to the score that a program was chosen by."""
    by_key = {run.info.key: run for run in runs}
    found = ladders(runs)
    shown = [name for name in STEPS if any(step.name == name for ladder in found for step in ladder.steps)]
    rows = []
    for ladder in found:
        start = ladder.steps[0].score
        first = "missing" if start is None else f"{start:.3f}"
        cells = (first, *(_step(ladder, name) for name in shown), _changed(ladder.total), _gap(ladder))
        rows.append((by_key[ladder.run_key], cells))
    head = ("unoptimized", *map(label, shown), "in all", "validation - held out")
    if not rows:
        return []
    return [
        *table(head, rows),
        "Each step beside the one before it, paired question by question, with its tokens as a multiple; `unoptimized` "
        "is the program's zero-shot form through DSPy's default adapter.",
        "",
    ]


def _step(ladder: Ladder, name: Name) -> str:
    step = next((step for step in ladder.steps if step.name == name), None)
    if step is None:
        return "–"
    return _changed(step.change) if step.state == "measured" else step.state


def _changed(change: Change | None) -> str:
    if change is None:
        return "–"
    tokens = f", × {change.tokens_ratio:.2f}" if change.tokens_ratio is not None else ""
    return f"{text.changed(change.value, change.interval)}{tokens}"


def _gap(ladder: Ladder) -> str:
    one = ladder.selection
    if one is None or one.held_out is None:
        return "–"
    return f"{one.validation_score:.3f} - {one.held_out:.3f} = {one.validation_score - one.held_out:+.3f}"
