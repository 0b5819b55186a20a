"""THE evaluation loop: examples in, cases out, a full server in between. Knows nothing of DSPy."""

from dspysota.loop.classify import classify
from dspysota.loop.evaluate import Evaluation, evaluate

__all__ = ["Evaluation", "classify", "evaluate"]
