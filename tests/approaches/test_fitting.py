"""Demonstrations and the question together stay within the model's context."""

import pytest

from dspysota import approaches, programs, tasks
from dspysota.approaches import few_shot as hand_written
from dspysota.records import Example
from dspysota.tasks import Splits
from dspysota.testing import FakeServer


def row(city, words):
    """A question on three paragraphs of so many words."""
    return Example(
        id=city,
        inputs={"question": f"Where is {city}?", "paragraphs": [[f"{city} {n}", ["word " * words]] for n in range(3)]},
        gold="Italy",
        extra={"supporting_facts": [[f"{city} 0", 0]]},
    )


@pytest.fixture
def few_shot(tmp_path, monkeypatch):
    """Prepares HotpotQA's hand-written demonstrations, and answers a question with them."""
    monkeypatch.setenv("DSPYSOTA_HOME", str(tmp_path))

    def few_shot(words, context_length=2048, program="read", adapter="plain"):
        with FakeServer("Answer: Italy") as server:
            lm = programs.make_lm(server.base_url, server.name, None, max_tokens=200)
            prepared = approaches.prepare(
                "few_shot",
                task_name="hotpotqa",
                program_name=program,
                data=Splits(train=(row("Rome", 20),), validation=(row("Turin", words),), test=()),
                metric=tasks.get("hotpotqa").score,
                lm=lm,
                adapter_name=adapter,
                seed=0,
                concurrency=1,
                cache_key={},
                progress=False,
                context_length=context_length,
            )
            assert not server.requests
            programs.make_solver(prepared.module, lm, adapter)(row("Bari", words))
            sent = sum(len(message["content"]) for message in server.requests[-1].body["messages"])
        return prepared, sent

    return few_shot


def shown(prepared):
    return [len(predictor.demos) for predictor in prepared.module.predictors()]


@pytest.mark.parametrize("adapter", ["plain", "chat"])
def test_hand_written_demonstrations_leave_room_for_a_question_longer_than_theirs(few_shot, adapter):
    """Real paragraphs are longer than those written by hand; the rows tell how long, and no model is asked."""
    prepared, sent = few_shot(250, adapter=adapter)

    assert shown(prepared)[0] < shown(few_shot(20, adapter=adapter)[0])[0]
    assert "demonstrations of 'answer" in prepared.info.notes[0]
    assert "would not fit into 2048 tokens" in prepared.info.notes[0]
    assert sent / 3 + 200 <= 2048


@pytest.mark.parametrize("words, context_length", [(20, 2048), (250, 8192), (250, None)])
def test_what_fits_is_shown_whole(few_shot, words, context_length):
    """Short questions, a long context, or one that is not known leave nothing out."""
    prepared, _ = few_shot(words, context_length)

    assert shown(prepared) == [len(hand_written.read("hotpotqa"))]
    assert prepared.info.notes == ()


def test_every_step_has_the_question_that_it_is_asked(few_shot):
    """In two hops the query is asked of fewer paragraphs than the answer, and shows more demonstrations."""
    prepared, _ = few_shot(250, program="two_hop")
    query, answer = shown(prepared)

    assert query > answer
