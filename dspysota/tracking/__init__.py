"""Stored runs, logged to MLflow: one MLflow run a folder with the report, and below it one for each of its runs.

MLflow is imported only when somebody asks for it, says nothing to its makers, and never decides anything: what it
cannot take is one sentence, and the runs are stored all the same.
"""

from dspysota.tracking.address import address
from dspysota.tracking.client import log

__all__ = ["address", "log"]
