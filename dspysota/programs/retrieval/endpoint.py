"""Embeddings from an OpenAI-compatible endpoint: POST /v1/embeddings. What arrives is checked before it is used."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dspysota.errors import ConfigError
from dspysota.programs.reply import WireError
from dspysota.programs.wire import Wire
from dspysota.records import Failure

if TYPE_CHECKING:
    from numpy.typing import NDArray

URL = "DSPYSOTA_EMBEDDINGS_URL"
MODEL = "DSPYSOTA_EMBEDDINGS_MODEL"
KEY = "DSPYSOTA_EMBEDDINGS_KEY"

BATCH = 64
"""Texts per request; servers limit it."""

SECONDS = 120.0
"""How long one request may take."""

LARGEST = 1e6
"""No number of an embedding is larger; those of known models are below 100."""


@dataclass(frozen=True)
class EmbeddingEndpoint:
    """A model that embeds texts. Its requests are no calls: they cost time, which cases show, and no tokens of ours."""

    wire: Wire
    model: str

    @classmethod
    def from_environment(cls) -> "EmbeddingEndpoint | None":
        """Return the endpoint of DSPYSOTA_EMBEDDINGS_URL, None where it is not set. Raises ConfigError."""
        url, model = os.environ.get(URL), os.environ.get(MODEL)
        if not url:
            return None
        if not model:
            raise ConfigError(f"{URL} is set and {MODEL} is not; name the model that {url!r} serves.")
        return cls(Wire(url, os.environ.get(KEY) or None, timeout=SECONDS), model)

    @property
    def identity(self) -> str:
        """Model and URL."""
        return f"{self.model} at {self.wire.base_url}"

    def embed(self, texts: Sequence[str]) -> "NDArray[Any]":
        """Return float32 of shape (texts, width). Raises WireError when there is no usable answer.

        Texts longer than the model takes are the server's business: it may cut them or refuse them.
        """
        import numpy as np

        parts = [self._ask(texts[start : start + BATCH]) for start in range(0, len(texts), BATCH)]
        if len({part.shape[1] for part in parts}) > 1:
            raise self._named(WireError(Failure.SERVER_ERROR, "Embeddings of different lengths."))
        return np.concatenate(parts)

    def _ask(self, texts: Sequence[str]) -> "NDArray[Any]":
        body = json.dumps({"model": self.model, "input": list(texts), "encoding_format": "float"}).encode()
        attempt = 0
        while True:
            try:
                return read_embeddings(self.wire.post("/embeddings", body), len(texts))
            except WireError as error:
                if not error.transient or attempt >= self.wire.retries:
                    raise self._named(error) from error
                self.wire.sleep(error.pause if error.pause is not None else 0.5 * 2**attempt)
                attempt += 1

    def _named(self, error: WireError) -> WireError:
        """Say whose failure it is: the model that is measured has an endpoint of its own."""
        return WireError(error.failure, f"{error} (embeddings: {self.identity})", status=error.status)


def read_embeddings(data: bytes, count: int) -> "NDArray[Any]":
    """Read `count` embeddings, in the order of their texts, as float32. Raises WireError when they are not there.

    >>> read_embeddings(b'{"data": [{"index": 1, "embedding": [0, 1]}, {"index": 0, "embedding": [1, 0]}]}', 2).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    import numpy as np

    try:
        items = json.loads(data)["data"]
        by_index = {item["index"]: item["embedding"] for item in items}
        rows = np.array([by_index[place] for place in range(count)], dtype=np.float64)
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise WireError(Failure.SERVER_ERROR, f"The server's answer is not {count} embeddings.") from error
    if rows.ndim != 2 or rows.shape[1] == 0 or not (np.abs(rows) <= LARGEST).all():
        raise WireError(Failure.SERVER_ERROR, f"The server's answer is not {count} embeddings of usable numbers.")
    return rows.astype(np.float32)
