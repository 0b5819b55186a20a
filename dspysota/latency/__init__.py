"""How long answers took, how many came a second, and whether the server counted what its answers told.

Pure functions of stored runs: `of_run(run)` holds all figures of one run, `reconcile(run)` puts the server's own
counters beside them.
"""

from dspysota.latency.quantiles import PERCENTILES, Quantile, Spread, order_interval
from dspysota.latency.reconcile import Reconciliation, reconcile
from dspysota.latency.summary import Latency, of_run

__all__ = [
    "PERCENTILES",
    "Latency",
    "Quantile",
    "Reconciliation",
    "Spread",
    "of_run",
    "order_interval",
    "reconcile",
]
