"""BM25 over the few paragraphs of one example.

The index is built per example and thrown away: ten paragraphs take about a millisecond, and nothing is shared.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import dspy


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


def ranked(documents: Sequence[str], query: str) -> list[int]:
    """Return the documents' indices, best first by BM25 (Lucene's variant, k1 = 1.5, b = 0.75, as bm25s has it).

    English stop words are left out and nothing is stemmed. Equal scores keep the documents' order, so a query without
    any known word returns them as they came.
    """
    import bm25s  # here, because it takes seconds to import and GSM8K never needs it

    def words(texts: Sequence[str]) -> list[list[str]]:
        return bm25s.tokenize(list(texts), stopwords="en", return_ids=False, show_progress=False)

    order = list(range(len(documents)))
    tokens, wanted = words(documents), words([query])[0]
    known = {word for document in tokens for word in document}
    wanted = [word for word in wanted if word in known]
    if not wanted:
        return order
    index = bm25s.BM25()
    index.index(tokens, show_progress=False)
    scores = index.get_scores(wanted)
    return sorted(order, key=lambda i: -scores[i])


def best_sentences(found: Sequence[Paragraph], query: str, count: int = 2) -> list[list[str | int]]:
    """Return [title, sentence index] of the `count` best sentences for a query, in the order of their paragraphs.

    Each sentence is read with its paragraph's title before it, since later sentences call their subject "it". This is a
    modest guess at the supporting facts: a lexical one, made after the answer and without asking the model.
    """
    places = [(p, i) for p in range(len(found)) for i in range(len(found[p].sentences))]
    best = ranked([f"{found[p].title} {found[p].sentences[i]}" for p, i in places], query)[:count]
    return [[found[p].title, i] for p, i in sorted(places[k] for k in best)]


def take(rest: list[Paragraph], query: str, k: int) -> list[Paragraph]:
    """Move the `k` best paragraphs for a query out of `rest`, and return them, best first."""
    best = ranked([p.text for p in rest], query)[:k]
    found = [rest[i] for i in best]
    for i in sorted(best, reverse=True):
        del rest[i]
    return found


def prediction(read: dspy.Prediction, found: Sequence[Paragraph], question: str, **more: str) -> dspy.Prediction:
    """Return what was read, with the paragraphs it was read from, and `more`, among its details."""
    details = {
        "retrieved": [p.title for p in found],
        "supporting_facts": best_sentences(found, f"{question} {read.answer}"),
        **more,
    }
    return dspy.Prediction(reasoning=read.reasoning, answer=read.answer, details=details)
