"""Where the lift came from: what an optimized program owes to its format, instructions, demonstrations and samples.

Runs in, a ladder out: each step is an ordinary run of the same model on the same rows, and its difference to the step
before it is paired question by question. Nothing is measured here.
"""

from dspysota.lift.ladder import Change, Ladder, Selection, Step, ladders
from dspysota.lift.rungs import DEFAULT_ADAPTER, Name, Rung, complete, found, optimized, rungs, same_rows
from dspysota.lift.words import label, sentences

__all__ = [
    "DEFAULT_ADAPTER",
    "Change",
    "Ladder",
    "Name",
    "Rung",
    "Selection",
    "Step",
    "complete",
    "found",
    "label",
    "ladders",
    "optimized",
    "rungs",
    "same_rows",
    "sentences",
]
