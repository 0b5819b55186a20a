"""The lift of every optimized run, a row each."""

from __future__ import annotations

from collections.abc import Sequence

from dspysota.lift import Change, Ladder, Name, label, ladders
from dspysota.records import Run
from dspysota.report import text
from dspysota.report.results.rows import table

STEPS: tuple[Name, ...] = ("format", "instructions", "demonstrations", "samples")


def steps(runs: Sequence[Run]) -> list[str]:
    """A table of the differences that each step brought, and of the gap to the score that a program was chosen by."""
    infos = {run.info.key: run.info for run in runs}
    found = ladders(runs)
    shown = [name for name in STEPS if any(step.name == name for ladder in found for step in ladder.steps)]
    rows = []
    for ladder in found:
        info = infos[ladder.run_key]
        who = (info.model.name, info.program, info.prepared, info.adapter)
        start = ladder.steps[0]
        first = "missing" if start.score is None else f"{start.score:.3f}"
        rows.append((*who, first, *(_step(ladder, name) for name in shown), _changed(ladder.total), _gap(ladder)))
    head = (
        "model",
        "program",
        "approach",
        "adapter",
        "unoptimized",
        *map(label, shown),
        "in all",
        "validation - held out",
    )
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
