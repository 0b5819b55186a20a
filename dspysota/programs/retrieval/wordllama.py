"""Embeddings without a server: WordLlama's table of word vectors, which travels in a wheel.

L. Miller: WordLlama: Recycled Token Embeddings from Large Language Models, 2024.
https://github.com/dleemiller/wordllama

The package is never imported. Two of its files are read, both checked by digest: 32,000 vectors of 256 numbers as
safetensors, and a tokenizer as JSON. A text's embedding is the mean of its tokens' vectors, as in the package itself.
"""

import hashlib
import importlib.util
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dspysota.errors import ConfigError, ModelError

if TYPE_CHECKING:
    from numpy.typing import NDArray

WEIGHTS = "weights/l2_supercat_256.safetensors", "64b47a2dc493cb8e85944076601189739852d7b64e0e1eedcb1937a251cd9fd5"
TOKENIZER = (
    "tokenizers/l2_supercat_tokenizer_config.json",
    "93248f2a9ec36c7b35f700a033d5f36228aae48db61aee31007fa49062cdeb68",
)
"""A file within the package, and its sha256."""

BATCH = 512
"""Texts that are tokenized at once: 66,000 paragraphs together would take two gigabytes."""

IDENTITY = f"wordllama l2_supercat_256 (sha256 {WEIGHTS[1][:16]}…)"


class WordLlama:
    """A table of vectors, one row a token, and the tokenizer that numbers them."""

    identity = IDENTITY

    def __init__(self, table: "NDArray[Any]", tokenizer: Any) -> None:
        self._table = table
        self._tokenizer = tokenizer

    def embed(self, texts: Sequence[str]) -> "NDArray[Any]":
        """Return float32 of shape (texts, 256): the mean over each text's tokens, zeros for a text without any."""
        import numpy as np

        rows = np.zeros((len(texts), self._table.shape[1]), dtype=np.float32)
        for start in range(0, len(texts), BATCH):
            # Lone surrogates, which a model's query may hold, are no text to the tokenizer.
            clean = [text.encode("utf-8", "replace").decode() for text in texts[start : start + BATCH]]
            for place, encoded in enumerate(self._tokenizer.encode_batch(clean, add_special_tokens=False), start):
                if encoded.ids:
                    rows[place] = self._table[encoded.ids].mean(axis=0)
        return rows


def folder() -> Path:
    """Return where the package lies. Raises ConfigError naming the cure where it is not installed."""
    spec = importlib.util.find_spec("wordllama")
    if spec is None or not spec.submodule_search_locations:
        raise ConfigError(
            "Retrieval by meaning needs embeddings, and there are none: `pip install 'dspysota[embeddings]'`, or name "
            "an endpoint in DSPYSOTA_EMBEDDINGS_URL and its model in DSPYSOTA_EMBEDDINGS_MODEL."
        )
    return Path(spec.submodule_search_locations[0])


@cache
def load(package: Path) -> WordLlama:
    """Return the embeddings in the package's folder, read once. Raises ModelError where they are not the ones known."""
    import numpy as np
    from safetensors.numpy import load as parse
    from tokenizers import Tokenizer

    table = parse(_verified(package, *WEIGHTS))["embedding.weight"].astype(np.float32)
    return WordLlama(table, Tokenizer.from_buffer(_verified(package, *TOKENIZER)))


def _verified(package: Path, name: str, sha256: str) -> bytes:
    """Return the bytes of a file; those that were checked, so that nobody can exchange them in between."""
    try:
        data = (package / name).read_bytes()
    except OSError as error:
        raise ModelError(f"{name!r} of wordllama cannot be read ({error.strerror}); {_CURE}") from error
    found = hashlib.sha256(data).hexdigest()
    if found != sha256:
        raise ModelError(f"{name!r} of wordllama has sha256 {found!r} instead of {sha256!r}; {_CURE}")
    return data


_CURE = "`pip install --force-reinstall --no-deps wordllama==0.4.0.post1`."
