"""Runs Python that a model wrote, where it can reach nothing and do no harm; docs/adr/0008-sandbox.md says why so.

Importing this package imports no interpreter: that happens in the first run.
"""

from dspysota.sandbox.outcome import Outcome, Trouble
from dspysota.sandbox.running import MAX_CODE, MAX_PRINTED, MEMORY, SECONDS, run

__all__ = ["MAX_CODE", "MAX_PRINTED", "MEMORY", "SECONDS", "Outcome", "Trouble", "run"]
