"""BM25 over a handful of paragraphs."""

import pytest

from dspysota.programs.retrieval import Paragraph, best_sentences, ranked, read_paragraphs

DOCUMENTS = ["Kites fly in the wind.", "Ships sail on the sea.", "The sea wind fills the sails of ships."]


def test_the_best_match_comes_first():
    """Documents are ranked by the words they share with the query."""
    assert ranked(DOCUMENTS, "kites") == [0, 1, 2]
    assert ranked(DOCUMENTS, "sails")[0] == 2


@pytest.mark.parametrize("query", ["", "zebra", "the of and", "\u202e\x00", "?!"])
def test_a_query_without_a_known_word_changes_nothing(query):
    """Where nothing matches, documents keep their order; nothing fails."""
    assert ranked(DOCUMENTS, query) == [0, 1, 2]


@pytest.mark.parametrize("documents", [[], [""], ["", "?"], ["kites", ""]])
def test_empty_documents_are_documents(documents):
    """Empty paragraphs, and none at all, are ranked like any others."""
    assert sorted(ranked(documents, "kites")) == list(range(len(documents)))


def test_equal_scores_keep_their_order():
    """The ranking does not depend on chance."""
    assert ranked(["kite", "kite", "kite"], "kite") == [0, 1, 2]


def test_paragraphs_read_with_their_title():
    """A paragraph's text is its title and its sentences, on one line."""
    (paragraph,) = read_paragraphs([["Kites", ["Kites fly.", " High."]]])

    assert paragraph.text == "Kites: Kites fly. High."


def test_the_best_sentences_are_named_by_title_and_index():
    """Sentences are judged together with their paragraph's title, and listed in the order of the paragraphs."""
    found = [Paragraph("Ships", ("They sail.", "They sink.")), Paragraph("Kites", ("They fly.", "They are red."))]

    assert best_sentences(found, "are kites red and do ships sink") == [["Ships", 1], ["Kites", 1]]
    assert best_sentences([], "kites") == []
