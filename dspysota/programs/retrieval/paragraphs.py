"""Paragraphs, and the best sentences in them."""

from collections.abc import Sequence
from typing import NamedTuple

from dspysota.programs.retrieval import bm25


class Paragraph(NamedTuple):
    """A titled paragraph, in sentences."""

    title: str
    sentences: tuple[str, ...]

    @property
    def text(self) -> str:
        """One line: the title, then all sentences."""
        return f"{self.title}: {' '.join(sentence.strip() for sentence in self.sentences)}"


def read_paragraphs(rows: Sequence[Sequence[object]]) -> list[Paragraph]:
    """Read paragraphs given as [title, [sentence, …]]."""
    return [Paragraph(str(title), tuple(str(s) for s in sentences)) for title, sentences in rows]  # type: ignore[attr-defined]


def best_sentences(found: Sequence[Paragraph], query: str, count: int = 2) -> list[list[str | int]]:
    """Return [title, sentence index] of the `count` best sentences for a query, in the order of their paragraphs.

    Each sentence is read with its paragraph's title before it, since later sentences call their subject "it". This is a
    modest guess at the supporting facts: a lexical one, made after the answer and without asking the model.
    """
    places = [(p, i) for p in range(len(found)) for i in range(len(found[p].sentences))]
    texts = [f"{found[p].title} {found[p].sentences[i]}" for p, i in places]
    best = bm25.Bm25Index(texts).ranking(query)
    rest = [place for place in range(len(texts)) if place not in set(best)]
    return [[found[p].title, i] for p, i in sorted(places[k] for k in [*best, *rest][:count])]
