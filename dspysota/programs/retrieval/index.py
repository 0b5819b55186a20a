"""What every kind of retrieval offers: texts, indexed once, put in order for a query."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Index(Protocol):
    """Some texts, ready to be searched from many threads at once."""

    def ranking(self, query: str) -> list[int]:
        """Return the places of the texts that match, best first; equal ones in their order."""
        ...


Build = Callable[[Sequence[str]], Index]
"""Makes an index of texts. What it raises is what indexing may meet, such as an endpoint that does not answer."""


def descending(scores: "NDArray[Any]", *, above: float | None = None) -> list[int]:
    """Return the places of scores in descending order, equal ones in their order, those not `above` a bound left out.

    >>> import numpy as np
    >>> descending(np.array([0.0, 2.0, 1.0, 2.0]), above=0.0)
    [1, 3, 2]
    """
    import numpy as np

    order = np.argsort(-scores, kind="stable")
    kept = order if above is None else order[scores[order] > above]
    places: list[int] = kept.tolist()
    return places
