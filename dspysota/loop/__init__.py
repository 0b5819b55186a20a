"""THE evaluation loop: examples in, cases out, a full server in between. Knows nothing of DSPy."""

from dspysota.loop.classify import classify
from dspysota.loop.evaluate import Evaluation, OnCase, Stop, evaluate
from dspysota.loop.ledger import Book

__all__ = ["Book", "Evaluation", "OnCase", "Stop", "classify", "evaluate"]
