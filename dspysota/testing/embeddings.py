"""OpenAI embedding bodies. A text's embedding counts its words, so that texts with words in common are near."""

from __future__ import annotations

import re
import zlib

from dspysota.testing.chat import JSON

WIDTH = 64


def inputs_of(body: JSON) -> list[str]:
    """Texts of an embedding request, which OpenAI allows to be one or a list. Raises ValueError for anything else."""
    given = body["input"]
    texts = [given] if isinstance(given, str) else given
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise ValueError("input is neither a text nor a list of texts")
    return texts


def vector(text: str) -> list[float]:
    """Counts of the words of `text`, each word in one of 64 places; case and punctuation do not count.

    >>> vector("Kites fly.") == vector("fly, kites"), sum(vector("Kites fly."))
    (True, 2.0)
    """
    counts = [0.0] * WIDTH
    for word in re.findall(r"\w+", text.lower()):
        counts[zlib.crc32(word.encode()) % WIDTH] += 1.0
    return counts


def embeddings(name: str, texts: list[str]) -> JSON:
    """Answer of the model of that name."""
    data = [{"object": "embedding", "index": place, "embedding": vector(text)} for place, text in enumerate(texts)]
    tokens = sum(len(text.split()) for text in texts)
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return {"object": "list", "model": name, "data": data, "usage": usage}
