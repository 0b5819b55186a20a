"""The run folders of a reports folder: what there is, which one a name means, and how scores, costs and latencies went.

The folders stay the truth. `Index` keeps what it read of them in a SQLite file of the cache, which may be deleted at
any time, so that a page over a hundred folders need not read their cases again.
"""

from dspysota.history.finding import find
from dspysota.history.folders import Entry, baselines, entries, entry
from dspysota.history.index import Contents, Index
from dspysota.history.measured import Point, points
from dspysota.history.series import Series, trends

__all__ = [
    "Contents",
    "Entry",
    "Index",
    "Point",
    "Series",
    "baselines",
    "entries",
    "entry",
    "find",
    "points",
    "trends",
]
