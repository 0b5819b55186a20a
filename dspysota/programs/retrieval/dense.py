"""Dense retrieval: texts whose embeddings point the same way as the query's come first, by their cosine."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

from dspysota.programs.retrieval.index import descending

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Embedder(Protocol):
    """Turns texts into vectors. Safe to use from many threads."""

    @property
    def identity(self) -> str:
        """What decides the vectors, in one line, without any key: it stands in reports."""
        ...

    def embed(self, texts: Sequence[str]) -> "NDArray[Any]":
        """Return one row of floats per text, all of one length; what carries no meaning may be all zeros."""
        ...


class DenseIndex:
    """Texts by their embeddings, compared one by one: exact, and quick enough for 100,000. Read-only once made."""

    def __init__(self, texts: Sequence[str], embedder: Embedder) -> None:
        self._embedder = embedder
        self._rows = _unit(embedder.embed(texts)) if texts else None

    def ranking(self, query: str) -> list[int]:
        """Return the places of all texts, best first; of none for a query that carries no meaning."""
        if self._rows is None:
            return []
        vector = _unit(self._embedder.embed([query]))[0]
        # Rounded, because the last digits of a sum depend on where in the matrix a row stands.
        return descending((self._rows @ vector).round(6)) if vector.any() else []


def _unit(rows: "NDArray[Any]") -> "NDArray[Any]":
    """Scale every row to length 1; zeros stay zeros."""
    import numpy as np

    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(lengths > 0, lengths, 1)
