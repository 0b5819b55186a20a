"""Programs that search the paragraphs of a whole split: which ones, and when."""

import re

import pytest

from dspysota import approaches, programs, tasks
from dspysota.records import Example
from dspysota.tasks import Splits
from dspysota.testing import FakeServer


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """An empty cache of the test's own."""
    monkeypatch.setenv("DSPYSOTA_HOME", str(tmp_path))


def prepare(server, program, data):
    """Bootstrap a program of HotpotQA."""
    return approaches.prepare(
        "bootstrap",
        task_name="hotpotqa",
        program_name=program,
        data=data,
        metric=tasks.get("hotpotqa").score,
        lm=programs.make_lm(server.base_url, server.name, None, max_tokens=50),
        adapter_name="plain",
        seed=0,
        concurrency=4,
        cache_key={"model": "digest"},
        progress=False,
    )


def demos(prepared):
    return [[dict(demo) for demo in predictor.demos] for predictor in prepared.module.predictors()]


def _row(n, split):
    """A question whose answer stands in a paragraph of its own row."""
    paragraphs = [[f"Kite {split}{n}", [f"The kite {split}{n} flies over {split}town{n}."]]]
    question = f"Over which town does the kite {split}{n} fly?"
    inputs = {"question": question, "paragraphs": paragraphs}
    facts = {"supporting_facts": [[f"Kite {split}{n}", 0]]}
    return Example(id=f"{split}{n}", inputs=inputs, gold=f"{split}town{n}", extra=facts)


KITES = Splits(
    **{split: tuple(_row(n, split) for n in range(5)) for split in ("train", "validation", "test")},
)


def _reads(chat):
    """Answer with the town of the first paragraph shown."""
    return "Answer: " + re.findall(r"flies over (\w+)", chat[-1]["content"])[0]


def test_a_pooled_program_learns_among_its_own_rows_and_answers_among_the_tests():
    """Training and validation paragraphs are searched while compiling, those of the test rows afterwards."""
    with FakeServer(_reads) as server:
        prepared = prepare(server, "read@pool", KITES)
        lm = programs.make_lm(server.base_url, server.name, None, max_tokens=50)
        answer = programs.make_solver(prepared.module, lm, "plain")(KITES.test[3])

    contexts = [text for predictor in demos(prepared) for demo in predictor for text in demo["context"]]
    assert any("train" in text for text in contexts)
    assert not any("test" in text for text in contexts)
    assert answer.prediction == "testtown3"
    # Paragraphs of other rows, too: the words "kite" and "flies" are in all of them.
    assert answer.details["retrieved"] == ["Kite test3", "Kite test0", "Kite test1"]
    assert prepared.info.notes == ("Retrieval: paragraphs of the whole split, bm25.",)


def test_the_pool_is_in_the_key_of_a_pooled_program_only():
    """With other validation rows another corpus was searched; a program that never searched them is the same."""
    changed = Splits(train=KITES.train, validation=KITES.validation[1:], test=KITES.test)
    with FakeServer(_reads) as server:
        for program in ("read@pool", "read"):
            prepare(server, program, KITES)

        assert not prepare(server, "read@pool", changed).info.reused
        assert prepare(server, "read@pool", KITES).info.reused
        assert prepare(server, "read", changed).info.reused
