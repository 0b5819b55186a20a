"""Paragraphs in order: by words, by meaning, by both, over ten of them or over thousands."""

import copy
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from dspysota.programs.retrieval.bm25 import Bm25Index
from dspysota.programs.retrieval.corpus import Corpus
from dspysota.programs.retrieval.dense import DenseIndex
from dspysota.programs.retrieval.hybrid import HybridIndex, fuse
from dspysota.programs.retrieval.paragraphs import Paragraph, best_sentences, read_paragraphs
from dspysota.programs.retrieval.retriever import MAX_QUERY, Retriever
from dspysota.records import Example
from dspysota.testing.embeddings import vector

DOCUMENTS = ["Kites fly in the wind.", "Ships sail on the sea.", "The sea wind fills the sails of ships."]
PARAGRAPHS = [["Kites", ["They fly."]], ["Ships", ["They sail."]], ["Sails", ["Ships have sails."]]]


class Words:
    """Embeds texts by their words, and remembers them."""

    identity = "words"

    def __init__(self):
        self.embedded = []

    def embed(self, texts):
        self.embedded += texts
        return np.array([vector(text) for text in texts])


def dense(texts):
    return DenseIndex(texts, Words())


def hybrid(texts):
    return HybridIndex((Bm25Index(texts), dense(texts)), len(texts))


KINDS = pytest.mark.parametrize("build", [Bm25Index, dense, hybrid], ids=["bm25", "dense", "hybrid"])


@KINDS
def test_the_best_match_comes_first(build):
    """Whatever the kind, the text that says what is asked for is the first."""
    index = build(DOCUMENTS)

    assert index.ranking("kites")[0] == 0
    assert index.ranking("the sails of ships")[0] == 2


def test_an_index_by_words_has_nothing_to_log(caplog):
    """A failing test of a thousand questions would show a thousand lines of it."""
    with caplog.at_level("DEBUG"):
        Bm25Index(["one text", "another"]).ranking("text")

    assert caplog.records == []


def test_words_find_only_texts_that_share_one():
    """BM25 does not rank what does not match."""
    assert Bm25Index(DOCUMENTS).ranking("kites") == [0]


@pytest.mark.parametrize("query", ["", "zebra", "the of and", "\u202e\x00", "?!", "\ud800"])
def test_a_query_without_a_known_word_finds_nothing_by_words(query):
    """Where nothing matches, nothing is found; nothing fails."""
    assert Bm25Index(DOCUMENTS).ranking(query) == []


@KINDS
@pytest.mark.parametrize("texts", [[], [""], ["", "?"], ["kites", ""]])
@pytest.mark.parametrize("query", ["kites", ""])
def test_empty_texts_are_texts(build, texts, query):
    """Empty paragraphs, none at all and empty queries are ranked like any others."""
    assert set(build(texts).ranking(query)) <= set(range(len(texts)))


@KINDS
def test_equal_texts_keep_their_order(build):
    """The ranking does not depend on chance."""
    assert build(["a red kite"] * 9).ranking("kite") == list(range(9))


def test_fusion_adds_reciprocal_ranks():
    """A text's score is the sum over the rankings of 1 / (60 + rank); what no ranking holds is left out."""
    assert fuse([[0, 1, 2], [1, 3]], 5) == [1, 0, 3, 2]  # 1/62 + 1/61, 1/61, 1/62, 1/63
    assert fuse([[0, 1], [1, 0]], 2) == [0, 1]
    assert fuse([[], []], 3) == []


def test_hybrid_finds_what_one_of_both_finds():
    """A text that shares no word with the query is still found where its embedding is near."""
    near = {"vessel": [1.0, 0.0], "Ships sail.": [0.9, 0.1], "Kites fly.": [0.0, 1.0]}

    class Meaning:
        identity = "meaning"

        def embed(self, texts):
            return np.array([near[text] for text in texts])

    texts = ["Kites fly.", "Ships sail."]
    both = HybridIndex((Bm25Index(texts), DenseIndex(texts, Meaning())), 2)

    assert Bm25Index(texts).ranking("vessel") == []
    assert both.ranking("vessel")[0] == 1


def test_paragraphs_read_with_their_title():
    """A paragraph's text is its title and its sentences, on one line."""
    (paragraph,) = read_paragraphs([["Kites", ["Kites fly.", " High."]]])

    assert paragraph.text == "Kites: Kites fly. High."


def test_the_best_sentences_are_named_by_title_and_index():
    """Sentences are judged together with their paragraph's title, and listed in the order of the paragraphs."""
    found = [Paragraph("Ships", ("They sail.", "They sink.")), Paragraph("Kites", ("They fly.", "They are red."))]

    assert best_sentences(found, "are kites red and do ships sink") == [["Ships", 1], ["Kites", 1]]
    assert best_sentences(found, "zebra") == [["Ships", 0], ["Ships", 1]]
    assert best_sentences([], "kites") == []


def titles(paragraphs):
    return [paragraph.title for paragraph in paragraphs]


def test_a_search_finds_nothing_twice():
    """What was taken is not found again, and there are no more paragraphs than there are."""
    search = Retriever().over(PARAGRAPHS)

    assert titles(search.take("sails", 1)) == ["Sails"]
    assert titles(search.take("sails", 5)) == ["Kites", "Ships"]
    assert search.take("sails", 5) == []


def test_an_examples_own_paragraphs_fill_up():
    """Among ten paragraphs the model always has `k` to read, those that do not match in their order."""
    assert titles(Retriever().over(PARAGRAPHS).take("zebra", 2)) == ["Kites", "Ships"]


def test_only_the_beginning_of_a_query_is_read():
    """A model that never stops writing its query costs no more than one that does."""
    search = Retriever().over(PARAGRAPHS)

    assert titles(search.take("x " * MAX_QUERY + "sails", 1)) == ["Kites"]


def rows(*groups):
    return [Example(id=str(i), inputs={"question": "?", "paragraphs": g}, gold="x") for i, g in enumerate(groups)]


def test_a_corpus_holds_every_paragraph_once():
    """Paragraphs of all rows, distinct by title and text, in the order in which they came."""
    corpus = Corpus.of(rows(PARAGRAPHS, [["Kites", ["They fly."]], ["Kites", ["They crash."]]]))

    assert [p.text for p in corpus.paragraphs] == [
        "Kites: They fly.",
        "Ships: They sail.",
        "Sails: Ships have sails.",
        "Kites: They crash.",
    ]


def test_a_pooled_search_ignores_the_examples_own_paragraphs():
    """Only the corpus is searched, and what does not match is not found."""
    retriever = Retriever(corpus=Corpus.of(rows(PARAGRAPHS)))

    assert titles(retriever.over([["Zebras", ["Zebras run."]]]).take("sails and zebras", 2)) == ["Sails"]


def test_a_corpus_is_indexed_once_for_all_threads():
    """However many threads search at once, the index is made by one of them, and all find the same."""
    built = []
    barrier = threading.Barrier(8)

    def build(texts):
        built.append(len(texts))
        return Bm25Index(texts)

    many = [[f"Kite {n}", [f"Kite number{n} flies over town{n % 7}."]] for n in range(500)]
    retriever = Retriever("counted", build, Corpus.of(rows(many)))

    def search(n):
        barrier.wait(10)
        return [titles(retriever.over([]).take(f"number{m}", 1)) for m in range(n, 500, 8)]

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(search, range(8)))

    assert built == [500]
    assert found == [[[f"Kite {m}"] for m in range(n, 500, 8)] for n in range(8)]


def test_an_index_that_could_not_be_made_is_tried_again():
    """A failure belongs to the question that met it, not to all that follow."""
    corpus = Corpus.of(rows(PARAGRAPHS))
    failures = iter([True, False])

    def build(texts):
        if next(failures):
            raise OSError("down")
        return Bm25Index(texts)

    with pytest.raises(OSError, match="down"):
        corpus.index("x", build)
    assert corpus.index("x", build).ranking("sails") == [2]


def test_copies_of_a_program_share_its_corpus():
    """DSPy copies programs once per thread; paragraphs and indices are not copied with them."""
    corpus = Corpus.of(rows(PARAGRAPHS))
    retriever = Retriever(corpus=corpus)

    assert copy.deepcopy(retriever) is retriever
    assert copy.deepcopy(corpus) is corpus


def test_where_jax_is_installed_it_leaves_the_gpu_to_the_model_server(tmp_path):
    """The library imports JAX where it can, which would take most of a GPU's memory for a few paragraphs."""
    fake = tmp_path / "jax"
    fake.mkdir()
    (fake / "__init__.py").write_text("import os\nprint('JAX on', os.environ['JAX_PLATFORMS'])\n")
    (fake / "lax.py").write_text("raise ImportError\n")
    index = "from dspysota.programs.retrieval.bm25 import Bm25Index as Index"
    ask = f"{index}; print(Index(['a kite', 'a ship']).ranking('ship'))"
    environment = {name: value for name, value in os.environ.items() if name != "JAX_PLATFORMS"}
    environment["PYTHONPATH"] = os.pathsep.join([str(tmp_path), *sys.path])

    done = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True, env=environment)

    assert done.stdout.splitlines() == ["JAX on cpu", "[1]"]
