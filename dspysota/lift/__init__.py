"""Where the lift came from: what an optimized program owes to its format, instructions, demonstrations and samples.

Runs in, a ladder out: each step is an ordinary run of the same model on the same rows, and its difference to the step
before it is paired question by question. Nothing is measured here.
"""

from dspysota.lift.ladder import Change, Ladder, Selection, Step, ladders
from dspysota.lift.rungs import Rung, found, optimized, rungs
from dspysota.lift.words import label, sentences

__all__ = [
    "Change",
    "Ladder",
    "Rung",
    "Selection",
    "Step",
    "found",
    "label",
    "ladders",
    "optimized",
    "rungs",
    "sentences",
]
