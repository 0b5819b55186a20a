"""What a ladder says, in sentences; the numbers themselves stand in its table."""

from __future__ import annotations

from collections.abc import Iterator

from dspysota.lift.ladder import Change, Ladder, Selection

FEW = 30
"""Rows below which a step has to be very large to be seen at all."""

CURE = "--sota-lift"
"""The option under which pytest measures the steps that are missing."""


def sentences(ladder: Ladder) -> tuple[str, ...]:
    """All there is to say of a ladder besides its table: the lift as a whole, its cost, and what speaks against it.

    They hold names of the runs, which are to be escaped where they are shown as markup.
    """
    return tuple(_sentences(ladder))


def label(name: str) -> str:
    """What a step is called.

    >>> label("unoptimized"), label("format"), label("instructions")
    ('unoptimized', 'format only', '+ instructions')
    """
    return {"unoptimized": name, "format": "format only"}.get(name, f"+ {name}")


def _sentences(ladder: Ladder) -> Iterator[str]:
    if ladder.kept_unprepared:
        yield "The search kept the unprepared program."
    if ladder.total is not None:
        yield _total(ladder.total)
    if ladder.selection is not None:
        yield _selection(ladder.selection)
    if ladder.missing:
        names = ", ".join(f"{label(step.name)} ({step.remark})" for step in ladder.missing)
        yield f"Missing: {names}. The same command with {CURE} measures the steps that are missing."
    errors = sum(step.errors for step in ladder.steps if step.state == "measured")
    if errors:
        yield (
            f"{errors:,} question{'s' if errors > 1 else ''} brought no answer at all, and count as zero: the "
            "differences hold such errors too."
        )
    if ladder.rows < FEW:
        yield f"With {ladder.rows} rows only very large steps can be told from chance."


def _total(total: Change) -> str:
    cost = f" at {total.tokens_ratio:.2f} times the tokens" if total.tokens_ratio is not None else ""
    judged = "" if total.clear else ", which chance may explain"
    low, high = total.interval
    return f"In all {total.value:+.3f} ({low:+.3f}..{high:+.3f}){cost}{judged}."


def _selection(one: Selection) -> str:
    among = f" among {one.candidates:,}" if one.candidates > 1 else ""
    chosen = f"Chosen{among} by {one.validation_score:.3f} on {one.validation_rows:,} validation rows; "
    if one.held_out is None or one.interval is None:
        return f"{chosen}what the program itself scores on held-out rows was not measured."
    low, high = one.interval
    gap = one.validation_score - one.held_out
    held_out = f"held out it scores {one.held_out:.3f} ({low:.3f}..{high:.3f}, {one.rows:,} rows), "
    if one.validation_score > high:
        return f"{chosen}{held_out}{gap:.3f} less: the score it was chosen by flatters, as the best of several does."
    if one.validation_score < low:
        return f"{chosen}{held_out}{-gap:.3f} more: its validation rows were the harder ones."
    way = "the same" if abs(gap) < 0.0005 else f"{abs(gap):.3f} {'less' if gap > 0 else 'more'}"
    return f"{chosen}{held_out}{way}: no more than the held-out rows leave open."
