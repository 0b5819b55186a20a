"""Hybrid retrieval: several rankings become one by reciprocal rank fusion.

G. V. Cormack, C. L. A. Clarke, S. Büttcher: Reciprocal Rank Fusion outperforms Condorcet and individual Rank Learning
Methods. SIGIR 2009, pp. 758-759. https://doi.org/10.1145/1571941.1572114
"""

from collections.abc import Sequence

from dspysota.programs.retrieval.index import Index, descending

K = 60
"""The paper's constant: it keeps a single first place from outweighing several good ones."""


def fuse(rankings: Sequence[Sequence[int]], size: int) -> list[int]:
    """Return the places, of `size`, that any ranking holds, by the sum of 1 / (60 + rank), ranks counted from 1.

    Equal ones keep their order. What a ranking does not hold gets nothing from it.

    >>> fuse([[2, 0, 1], [2, 1]], 4)
    [2, 1, 0]
    """
    import numpy as np

    scores = np.zeros(size)
    for ranking in rankings:
        scores[list(ranking)] += 1.0 / (K + np.arange(1, len(ranking) + 1))
    return descending(scores, above=0.0)


class HybridIndex:
    """The same `size` texts in several indices, asked together."""

    def __init__(self, indices: Sequence[Index], size: int) -> None:
        self._indices = tuple(indices)
        self._size = size

    def ranking(self, query: str) -> list[int]:
        """Return the places of the texts that any index finds, best first by both."""
        return fuse([index.ranking(query) for index in self._indices], self._size)
