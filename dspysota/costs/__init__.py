"""What runs cost: every call, retry and compilation, by one of three bases that never mix.

Records in, amounts out; nothing is measured or looked up here, and what is unknown is None, never 0. What each basis
counts, and what none does: docs/costs.md.
"""

from dspysota.costs.amounts import BASES, dollars, known, named, of_run
from dspysota.costs.compiling import Spend
from dspysota.costs.summary import (
    Estimate,
    Retries,
    Summary,
    break_even,
    per_question,
    question_cost,
    summary,
    usd_per_question,
)
from dspysota.costs.words import counted, pair, undecided

__all__ = [
    "BASES",
    "Estimate",
    "Retries",
    "Spend",
    "Summary",
    "break_even",
    "counted",
    "dollars",
    "known",
    "named",
    "of_run",
    "pair",
    "per_question",
    "question_cost",
    "summary",
    "undecided",
    "usd_per_question",
]
