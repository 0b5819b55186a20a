"""THE evaluation loop: examples in, cases out, a full server in between. Knows nothing of DSPy."""

from dspysota.loop.classify import classify
from dspysota.loop.evaluate import Evaluation, Stop, evaluate

__all__ = ["Evaluation", "Stop", "classify", "evaluate"]
