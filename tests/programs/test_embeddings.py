"""Embeddings: from an endpoint, which may send anything, and from a wheel, which must hold what is known."""

import json
import subprocess
import sys

import numpy as np
import pytest

from dspysota import programs
from dspysota.errors import ConfigError, ModelError
from dspysota.programs.reply import WireError
from dspysota.programs.retrieval import wordllama
from dspysota.programs.retrieval.corpus import Corpus
from dspysota.programs.retrieval.endpoint import BATCH, EmbeddingEndpoint, read_embeddings
from dspysota.programs.wire import Wire
from dspysota.records import Example, Failure
from dspysota.testing import FakeServer

PAINTER = Example(
    id="painter",
    inputs={
        "question": "In which town was the painter of The Amber Ferry born?",
        "paragraphs": [
            ["Brissel", ["Brissel is a city of bridges."]],
            ["The Amber Ferry", ["The Amber Ferry is a painting by Selka Orvand."]],
            ["Selka Orvand", ["Selka Orvand painted ships.", " She was born in Tarnholt."]],
            ["Kites", ["Kites fly."]],
        ],
    },
    gold="Tarnholt",
)


@pytest.fixture
def point(monkeypatch):
    """Names an endpoint in the environment."""

    def name(url, model="fake", key=None):
        monkeypatch.setenv("DSPYSOTA_EMBEDDINGS_URL", url)
        monkeypatch.setenv("DSPYSOTA_EMBEDDINGS_MODEL", model)
        if key:
            monkeypatch.setenv("DSPYSOTA_EMBEDDINGS_KEY", key)

    return name


@pytest.fixture(autouse=True)
def nowhere(monkeypatch):
    """No endpoint, whatever the environment of the tests says."""
    for name in ("URL", "MODEL", "KEY"):
        monkeypatch.delenv(f"DSPYSOTA_EMBEDDINGS_{name}", raising=False)


def solve(server, program, example=PAINTER, corpus=None):
    lm = programs.make_lm(server.base_url, server.name, None, max_tokens=50, retries=0)
    return programs.make_solver(programs.create("hotpotqa", program, corpus=corpus), lm, "plain")(example)


def test_an_endpoint_embeds_paragraphs_and_query(point):
    """A dense program sends its ten paragraphs at once and then the question, to the endpoint of the environment."""
    with FakeServer("Answer: Tarnholt") as server:
        point(server.base_url)
        answer = solve(server, "read@dense")
        embedded = server.embedded

    assert answer.prediction == "Tarnholt"
    assert answer.details["retrieved"][0] == "The Amber Ferry"
    assert len(answer.calls) == 1
    assert embedded[-1] == PAINTER.question
    assert len(embedded) == 5


def test_the_second_hop_embeds_only_its_query(point):
    """Within one question the paragraphs are embedded once."""
    with FakeServer(lambda chat: "Query: kites" if "query" in chat[0]["content"] else "Answer: Tarnholt") as server:
        point(server.base_url)
        answer = solve(server, "two_hop@hybrid")

        assert len(server.embedded) == 6
    assert answer.details["retrieved"][2] == "Kites"


def test_a_pool_is_embedded_once(point):
    """However many questions are asked, a corpus is embedded in batches, once."""
    many = [[f"Kite {n}", [f"Kite number{n} flies."]] for n in range(2 * BATCH + 1)]
    rows = [PAINTER, Example(id="kites", inputs={"question": "?", "paragraphs": many}, gold="x")]
    corpus = Corpus.of(rows)
    with FakeServer("Answer: Tarnholt") as server:
        point(server.base_url)
        answers = [solve(server, "read@pool-dense", corpus=corpus) for _ in range(3)]

        assert len(server.embedded) == len(corpus.paragraphs) + 3
    assert answers[0].details["retrieved"][0] == "The Amber Ferry"


def test_the_key_goes_to_the_endpoint_and_nowhere_else(point):
    """The key is sent as a bearer token; neither a repr nor an error shows it."""
    with FakeServer("x", api_key="s3cret") as server:
        point(server.base_url, key="s3cret")
        endpoint = EmbeddingEndpoint.from_environment()
        assert endpoint is not None
        assert endpoint.embed(["kites"]).shape == (1, 64)
        point(server.base_url, key="wr0ng")
        wrong = EmbeddingEndpoint.from_environment()
        assert wrong is not None
        with pytest.raises(WireError, match="401") as refused:
            wrong.embed(["kites"])

    assert "s3cret" not in repr(endpoint) + endpoint.identity
    assert "wr0ng" not in str(refused.value) + repr(wrong)


def test_an_endpoint_that_is_gone_is_a_server_error_that_says_whose(point):
    """The case names the embeddings' address, since the model measured has another; nothing was asked of the model."""
    with FakeServer("x") as gone:
        url = gone.base_url
    with FakeServer("Answer: Tarnholt") as server:
        wire = Wire(url, retries=1, sleep=lambda seconds: None)
        with pytest.raises(WireError, match=r"^No connection.*embeddings: fake at") as error:
            EmbeddingEndpoint(wire, "fake").embed(["kites"])
        point(f"{server.base_url}/nowhere")
        answer = solve(server, "read@dense")

        assert server.requests == ()
    assert error.value.failure is Failure.SERVER_ERROR
    assert answer.failure is Failure.SERVER_ERROR
    assert "embeddings: fake at" in str(answer.error)


@pytest.mark.parametrize(
    "answer",
    [
        b"<html>",
        b"[" * 100_000,
        b"[]",
        b"null",
        b'{"data": 7}',
        b'{"data": []}',
        b'{"data": [7, 8]}',
        json.dumps({"data": [{"index": 0, "embedding": [1, 2]}]}).encode(),
        json.dumps({"data": [{"index": 0, "embedding": [1, 2]}, {"index": 1, "embedding": [1]}]}).encode(),
        json.dumps({"data": [{"index": 0, "embedding": []}, {"index": 1, "embedding": []}]}).encode(),
        json.dumps({"data": [{"index": 0, "embedding": [None]}, {"index": 1, "embedding": [1]}]}).encode(),
        json.dumps({"data": [{"index": 0, "embedding": [float("nan")]}, {"index": 1, "embedding": [1]}]}).encode(),
        json.dumps({"data": [{"index": 0, "embedding": [10**400]}, {"index": 1, "embedding": [1]}]}).encode(),
        json.dumps({"data": [{"index": 0, "embedding": [1e300]}, {"index": 1, "embedding": [1]}]}).encode(),
        json.dumps({"data": [{"index": 0, "embedding": "AAAA"}, {"index": 1, "embedding": "AAAA"}]}).encode(),
        json.dumps({"data": [{"index": [], "embedding": [1]}, {"index": 1, "embedding": [1]}]}).encode(),
        json.dumps({"data": [{"index": 0, "embedding": [[1]]}, {"index": 1, "embedding": [[1]]}]}).encode(),
    ],
)
def test_whatever_is_not_embeddings_is_a_server_error(answer):
    """Too few, ragged, empty, endless or unusable numbers are told as one failure, never as a traceback."""
    with pytest.raises(WireError) as error:
        read_embeddings(answer, 2)

    assert error.value.failure is Failure.SERVER_ERROR


def test_a_url_without_a_model_is_told(point):
    """The endpoint needs both names; the error says which is missing."""
    point("http://127.0.0.1:1/v1", model="")
    with pytest.raises(ConfigError, match="DSPYSOTA_EMBEDDINGS_MODEL is not"):
        programs.create("hotpotqa", "read@dense")


def test_without_any_embeddings_the_cure_is_named(monkeypatch):
    """A dense program is refused before anything is asked; one that goes by words is not."""
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)

    with pytest.raises(ConfigError, match=r"pip install 'dspysota\[embeddings\]'"):
        programs.create("hotpotqa", "read@hybrid")
    assert programs.create("hotpotqa", "read@pool", corpus=Corpus([])) is not None


def test_weights_that_are_not_those_known_are_refused(tmp_path):
    """Files are read only with the digest that this version knows, and a missing one is told."""
    (tmp_path / "weights").mkdir()
    with pytest.raises(ModelError, match="cannot be read"):
        wordllama.load(tmp_path)
    (tmp_path / wordllama.WEIGHTS[0]).write_bytes(b"something else")
    with pytest.raises(ModelError, match=r"has sha256 .* instead of '64b47a2d.*pip install"):
        wordllama.load(tmp_path)


@pytest.fixture(scope="module")
def embeddings():
    """The embeddings of the extra, where it is installed."""
    pytest.importorskip("tokenizers")
    try:
        package = wordllama.folder()
    except ConfigError:
        pytest.skip("the extra 'embeddings' is not installed")
    return wordllama.load(package)


def test_installed_embeddings_go_by_meaning(embeddings):
    """Texts without a common word are near where they mean nearly the same."""
    boat, ship, doctor = embeddings.embed(
        ["a boat on the ocean", "Ships sail the seas.", "A physician cures patients."]
    )

    def cosine(a, b):
        return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))

    assert cosine(boat, ship) > 2 * abs(cosine(boat, doctor))


def test_installed_embeddings_take_any_text(embeddings):
    """An empty text is all zeros, a lone surrogate is no error, and the order of a batch does not matter."""
    texts = ["", "\ud800", "kites", "kites fly", "x" * 10_000]
    rows = embeddings.embed(texts)

    assert rows.shape == (5, 256)
    assert np.isfinite(rows).all()
    assert not rows[0].any()
    assert (embeddings.embed(texts[::-1])[::-1] == rows).all()


def test_installed_embeddings_import_nothing_of_their_package(embeddings):
    """Two data files are read; the package's own code never runs."""
    code = (
        "import sys; from dspysota import programs; programs.create('hotpotqa', 'read@dense'); "
        "assert not {'wordllama', 'torch'} & set(sys.modules)"
    )

    subprocess.run([sys.executable, "-c", code], check=True)
