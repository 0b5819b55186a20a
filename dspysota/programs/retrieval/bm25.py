"""BM25: texts that share rare words with the query come first.

Lucene's variant, k1 = 1.5, b = 0.75, as bm25s has it. English stop words are left out and nothing is stemmed.
"""

import logging
import os
from collections.abc import Sequence
from typing import Any

from dspysota.programs.retrieval.index import descending


class Bm25Index:
    """Texts by their words. Ten paragraphs take about a millisecond, 66,000 about ten seconds. Read-only once made."""

    def __init__(self, texts: Sequence[str]) -> None:
        bm25s = _bm25s()

        logging.getLogger("bm25s").setLevel(logging.WARNING)  # it sets DEBUG, and has a line for each of its indexes
        tokens = _words(texts)
        self._known = frozenset(word for text in tokens for word in text)
        self._index = bm25s.BM25()
        if self._known:  # bm25s cannot index texts without any word
            self._index.index(tokens, show_progress=False)

    def ranking(self, query: str) -> list[int]:
        """Return the places of the texts that share a word with the query, best first, equal ones in their order."""
        wanted = [word for word in _words([query])[0] if word in self._known]
        return descending(self._index.get_scores(wanted), above=0.0) if wanted else []


def _words(texts: Sequence[str]) -> list[list[str]]:
    words: list[list[str]] = _bm25s().tokenize(list(texts), stopwords="en", return_ids=False, show_progress=False)
    return words


def _bm25s() -> Any:
    """The library; here, because it takes seconds to import and GSM8K never needs it."""
    # Where JAX is installed the library tries it, and JAX takes most of a GPU's memory: the model server's.
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    import bm25s

    return bm25s
