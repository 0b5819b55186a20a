"""Claims against a reference: "at least 90% of its quality at 5% of its cost", decided at a stated error rate.

Runs and costs in, a verdict out; nothing is measured here. How often a verdict errs: docs/statistics.md.
"""

from dspysota.claims.claim import Claim
from dspysota.claims.sequential import SequentialTest, Stop
from dspysota.claims.verdict import Criterion, Outcome, Verdict
from dspysota.claims.witness import witnessed

__all__ = ["Claim", "Criterion", "Outcome", "SequentialTest", "Stop", "Verdict", "witnessed"]
