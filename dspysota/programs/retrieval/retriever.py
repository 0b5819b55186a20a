"""What a program holds to find paragraphs: how to rank them, and among which."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from dspysota.programs.retrieval.bm25 import Bm25Index
from dspysota.programs.retrieval.corpus import Corpus
from dspysota.programs.retrieval.index import Build, Index
from dspysota.programs.retrieval.paragraphs import Paragraph, read_paragraphs

MAX_QUERY = 1000
"""Characters of a query that are read. Models write queries, and some never stop."""


class Search:
    """The search for one question: what it has taken it does not find again. For one thread."""

    def __init__(self, paragraphs: Sequence[Paragraph], index: Index, *, fill: bool) -> None:
        self._paragraphs = paragraphs
        self._index = index
        self._fill = fill
        self._taken: set[int] = set()

    def take(self, query: str, k: int) -> list[Paragraph]:
        """Return the `k` best paragraphs for a query that were not taken before, best first; fewer where there are.

        With `fill` those that do not match follow in their order, so that the model has something to read.
        """
        places = self._index.ranking(query[:MAX_QUERY])
        if self._fill:
            places = list(dict.fromkeys([*places, *range(len(self._paragraphs))]))
        best = list(islice((place for place in places if place not in self._taken), k))
        self._taken.update(best)
        return [self._paragraphs[place] for place in best]


@dataclass(frozen=True)
class Retriever:
    """`build` makes the index of its `kind`; `corpus` is searched instead of each example's own paragraphs."""

    kind: str = "bm25"
    build: Build = Bm25Index
    corpus: Corpus | None = None

    def over(self, paragraphs: Sequence[Any]) -> Search:
        """Begin a search among an example's paragraphs, [title, [sentence, …]], or in the corpus where there is one.

        An example's index is made here and thrown away with the search; nothing of it is shared.
        """
        if self.corpus is not None:
            return Search(self.corpus.paragraphs, self.corpus.index(self.kind, self.build), fill=False)
        own = read_paragraphs(paragraphs)
        return Search(own, self.build([paragraph.text for paragraph in own]), fill=True)

    def __deepcopy__(self, memo: object) -> "Retriever":
        """The retriever itself: it never changes, and what it holds is large."""
        return self
