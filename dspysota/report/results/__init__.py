"""The results document: what was measured, with the commands that measured it."""

from dspysota.report.results.document import block, merged
from dspysota.report.results.tables import body

__all__ = ["block", "body", "merged"]
