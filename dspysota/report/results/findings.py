"""What stands out among the runs of a data set: the best score, the best score per token, and DSPy's default start."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from dspysota.lift import DEFAULT_ADAPTER, complete, same_rows
from dspysota.records import Run
from dspysota.report import text
from dspysota.report.results.rows import table
from dspysota.stats import mean_interval, paired_difference

PER = 1_000
"""Tokens that a score is divided by."""


def standing_out(runs: Sequence[Run]) -> list[str]:
    """A table with up to three runs of each model, and how to read it; nothing for models without a default start.

    That is the first run, in the order given, of an unprepared program through DSPy's default adapter.

    The best was picked on the rows that it is shown on, so that its difference to the start has an interval for all
    comparisons that it was picked from (Bonferroni: at level 1 - 0.05 / comparisons).
    """
    rows: list[tuple[Run, tuple[str, ...]]] = []
    most = 0
    for name in dict.fromkeys(run.info.model.name for run in runs):
        mine = [run for run in runs if run.info.model.name == name and complete(run)]
        start = next((run for run in mine if _default(run)), None)
        others = [run for run in mine if start and run is not start and same_rows(run, start)]
        if start is not None and others:
            most = max(most, len(others))
            rows += _rows(start, others)
    if not rows:
        return []
    head = ("is", "score", "tokens a question", f"score per {PER:,} tokens", "against the default start")
    return [
        *table(head, rows),
        f"Scores are {runs[0].info.primary} with 95% intervals; differences are paired question by question. The best "
        f"was picked on these same rows, of up to {most:,} runs of a model, so the intervals of differences hold for "
        "all of them together (95%, Bonferroni). Score per token takes the tokens as exact.",
        "",
    ]


def _default(run: Run) -> bool:
    return run.info.approach == "zero_shot" and run.info.adapter == DEFAULT_ADAPTER


def _rows(start: Run, others: Sequence[Run]) -> Iterable[tuple[Run, tuple[str, ...]]]:
    level = 1 - 0.05 / len(others)
    best = max(others, key=lambda run: run.score())
    thrifty = max((run for run in others if run.tokens_per_question), key=_per_token, default=None)
    named = [(best, "best score")]
    if best is thrifty:
        named = [(best, "best score, and best per token")]
    elif thrifty is not None:
        named.append((thrifty, "best score per token"))
    for run, what in named:
        difference = paired_difference(run.scores(), start.scores(), confidence=level)
        yield run, (what, *_numbers(run), text.changed(run.score() - start.score(), difference))
    yield start, ("DSPy's default start", *_numbers(start), "–")


def _numbers(run: Run) -> tuple[str, ...]:
    low, high = mean_interval(run.scores())
    tokens = run.tokens_per_question
    shown = f"{_per_token(run):.3f} [{low * PER / tokens:.3f}, {high * PER / tokens:.3f}]" if tokens else "–"
    return text.scored(run.score(), mean_interval(run.scores())), text.tokens(tokens), shown


def _per_token(run: Run) -> float:
    """Score per so many tokens, of a run whose tokens are known."""
    return run.score() * PER / (run.tokens_per_question or math.inf)
