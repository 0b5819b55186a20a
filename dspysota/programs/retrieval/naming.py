"""What stands behind the @ in a program's name: how and where it finds its paragraphs.

`read` ranks the example's own paragraphs by BM25; `read@hybrid` ranks them by words and meaning; `read@pool-dense`
searches all paragraphs of the split by meaning.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from dspysota.errors import ConfigError

if TYPE_CHECKING:
    from dspysota.programs.retrieval.corpus import Corpus
    from dspysota.programs.retrieval.dense import Embedder
    from dspysota.programs.retrieval.retriever import Retriever
    from dspysota.records import Example

POOL = "pool"
SUFFIXES = ("dense", "hybrid", POOL, f"{POOL}-dense", f"{POOL}-hybrid")


def split(program: str) -> tuple[str, str]:
    """Return a program's name and its suffix, without the @; an empty one where there is none.

    >>> split("read@pool-dense"), split("read")
    (('read', 'pool-dense'), ('read', ''))
    """
    base, _, suffix = program.partition("@")
    return base, suffix


def is_pooled(program: str) -> bool:
    """Return whether a program searches the pooled paragraphs of a split.

    What other suffixes follow, behind a +, is none of this module's business.

    >>> is_pooled("read@pool"), is_pooled("read@pool-dense+vote5"), is_pooled("read@dense"), is_pooled("cot")
    (True, True, False, False)
    """
    return _parts(program)[0]


def corpus(program: str, rows: Sequence["Example"]) -> "Corpus | None":
    """Return the pooled paragraphs of the rows, None for a program that searches each example's own."""
    if not is_pooled(program):
        return None
    from dspysota.programs.retrieval.corpus import Corpus

    return Corpus.of(rows)


def identity(program: str) -> str:
    """Return in one line what decides a program's retrieval, empty for a program without a suffix.

    Raises ConfigError where it needs embeddings and there are none.
    """
    pooled, kind = _parts(program)
    parts = [*(["paragraphs of the whole split"] if pooled else []), kind]
    if kind in ("dense", "hybrid"):
        parts.append(f"embeddings of {_embedder().identity}")
    return ", ".join(parts) if pooled or kind != "bm25" else ""


def retriever(program: str, corpus: "Corpus | None") -> "Retriever":
    """Return what a program finds its paragraphs with.

    Raises ConfigError where it needs embeddings or a corpus that is not there, ModelError where the embeddings are not
    those known.
    """
    from dspysota.programs.retrieval.bm25 import Bm25Index
    from dspysota.programs.retrieval.dense import DenseIndex
    from dspysota.programs.retrieval.hybrid import HybridIndex
    from dspysota.programs.retrieval.retriever import Retriever

    pooled, kind = _parts(program)
    if pooled and corpus is None:
        raise ConfigError(f"{program!r} searches the paragraphs of many rows; create it with their corpus.")
    among = corpus if pooled else None
    if kind == "bm25":
        return Retriever(corpus=among)
    embedder = _embedder()
    if kind == "dense":
        return Retriever(kind, lambda texts: DenseIndex(texts, embedder), among)
    return Retriever(
        kind, lambda texts: HybridIndex((Bm25Index(texts), DenseIndex(texts, embedder)), len(texts)), among
    )


def _parts(program: str) -> tuple[bool, str]:
    """Return whether the paragraphs are pooled, and the kind of retrieval."""
    suffix = split(program.partition("+")[0])[1]
    pooled = suffix.split("-")[0] == POOL
    return pooled, (suffix.removeprefix(POOL).removeprefix("-") if pooled else suffix) or "bm25"


def _embedder() -> "Embedder":
    """Return the endpoint of the environment, or else the embeddings that are installed. Raises ConfigError."""
    from dspysota.programs.retrieval import wordllama
    from dspysota.programs.retrieval.endpoint import EmbeddingEndpoint

    return EmbeddingEndpoint.from_environment() or wordllama.load(wordllama.folder())
