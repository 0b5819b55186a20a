"""The regression gate: runs beside those of a saved baseline, and what may not have become worse.

Runs in, findings out; nothing is measured here. A finding is one of OK, BETTER, WORSE, NEW, GONE and REFUSED
(docs/ci.md); WORSE, GONE and most of REFUSED turn the gate red.
"""

from dspysota.gate import sentences
from dspysota.gate.baselines import available, find, load, save
from dspysota.gate.check import Scope, check, compare, decide
from dspysota.gate.identity import Asked, Identity
from dspysota.gate.result import Change, Difference, Finding, Flip, Gate, Pairing, Word
from dspysota.gate.rules import DEFAULTS, Rule, layered

__all__ = [
    "DEFAULTS",
    "Asked",
    "Change",
    "Difference",
    "Finding",
    "Flip",
    "Gate",
    "Identity",
    "Pairing",
    "Rule",
    "Scope",
    "Word",
    "available",
    "check",
    "compare",
    "decide",
    "find",
    "layered",
    "load",
    "save",
    "sentences",
]
