"""The completion adapter: one text for models without a chat template, and what comes back."""

import dspy
import pytest
from dspy.utils.exceptions import AdapterParseError

from dspysota import programs
from dspysota.programs.calls import record, recording
from dspysota.programs.completion import CompletionAdapter
from dspysota.programs.signatures.gsm8k import Solve
from dspysota.programs.signatures.hotpotqa import AnswerShortly, NextQuery
from dspysota.records import Call, Example, Failure, Usage
from dspysota.testing import FakeServer

ADAPTER = CompletionAdapter()
COT = dspy.ChainOfThought(Solve).predict.signature
SUM = Example(id="sum", inputs={"question": "What is 2 + 2?"}, gold="4")


def text(signature, demos=(), **inputs):
    (message,) = ADAPTER.format(signature, list(demos), inputs)
    return message["content"]


def solve(server, program="cot", **options):
    lm = programs.make_lm(server.base_url, server.name, None, max_tokens=200, retries=0, **options)
    return programs.make_solver(programs.create("gsm8k", program), lm, "completion")(SUM)


def test_instructions_demonstrations_and_question_are_one_text():
    """Blocks of question and answer, a blank line between them and none inside; the last one waits for its answer."""
    demo = dspy.Example(question="1 + 1?", reasoning="One.\n\nAnd one.", answer="2")

    assert text(COT, [demo], question="2 + 2?").split("\n\n") == [
        "Solve the math problem. Think step by step. "
        'End with a last line of the form "#### N", where N is the answer as a number.',
        "Question: 1 + 1?\nAnswer: One.\nAnd one.\n#### 2",
        "Question: 2 + 2?\nAnswer:",
    ]


@pytest.mark.parametrize(
    "signature, inputs, ending",
    [
        (Solve, {"question": "?"}, "Question: ?\nAnswer: ####"),
        (NextQuery, {"context": ["A: a.", "B: b."], "question": "?"}, "Context:\nA: a.\nB: b.\nQuestion: ?\nQuery:"),
        (dspy.ChainOfThought(AnswerShortly).predict.signature, {"question": "?"}, "Question: ?\nReasoning:"),
    ],
    ids=["sign as marker", "paragraphs and word as marker", "reasoning before a line called answer"],
)
def test_the_text_ends_where_the_answer_begins(signature, inputs, ending):
    """Without reasoning the answer's marker is given, and with it the model is left to reason first."""
    assert text(signature, **inputs).endswith(ending)


def test_what_the_marker_opens_is_read_without_repeating_it():
    """The part of the answer line that stands in the prompt counts when the output is read."""
    assert ADAPTER.parse(Solve, " 4\n") == {"answer": "4"}
    assert ADAPTER.parse(NextQuery, " trains in Rome\n\nContext") == {"query": "trains in Rome"}
    assert ADAPTER.parse(COT, " Two and two.\n#### 4") == {"reasoning": "Two and two.", "answer": "4"}


def test_an_answer_that_was_cut_off_is_none():
    """Half a number behind a marker of ours is not an answer."""
    with recording():
        record(Call(messages=(), output="", usage=Usage(), seconds=0.0, finish_reason="length"))
        with pytest.raises(AdapterParseError):
            ADAPTER.parse(Solve, " 12")

        assert ADAPTER.parse(Solve, " 12\nQ")["answer"] == "12"


def test_the_text_goes_to_completions_and_is_recorded_as_sent():
    """The server sees the text, its limits and its stop strings, and the call holds the text as a prompt."""
    with FakeServer(" Two and two.\n#### 4\n\nQuestion: What is 3 + 3?\nAnswer: 6\n#### 6") as server:
        answer = solve(server, stop=("\nInstruct:",), seed=7)
        (request,) = server.requests

    assert answer.prediction == "4"
    assert "messages" not in request.body
    assert request.body["stop"] == ["\nInstruct:", "\nQuestion:"]
    assert (request.body["max_tokens"], request.body["seed"], request.body["temperature"]) == (200, 7, 0.0)
    assert set(request.body) == {"model", "prompt", "stop", "max_tokens", "seed", "temperature"}
    assert [(m.role, m.content) for m in answer.calls[0].messages] == [("prompt", request.body["prompt"])]
    assert answer.calls[0].usage.completion_tokens == 5


def test_a_base_model_is_asked_all_the_same():
    """A model without a chat template answers a text, and refuses a chat with a sentence that names the adapter."""
    with FakeServer(" 4\n", lacks=["chat_template"]) as server:
        answer = solve(server, "direct")
        lm = programs.make_lm(server.base_url, server.name, None, max_tokens=9)
        chatted = programs.make_solver(programs.create("gsm8k", "cot"), lm, "plain")(SUM)

    assert answer.prediction == "4"
    assert chatted.failure is Failure.SERVER_ERROR
    assert "no chat template; take the adapter 'completion'" in str(chatted.error)


def test_a_server_without_completions_is_named_with_the_cure():
    """A server that has no such path is told apart from one that is broken."""
    with FakeServer("4", lacks=["completions"]) as server:
        answer = solve(server)

    assert answer.failure is Failure.SERVER_ERROR
    assert "has no /v1/completions; take another adapter" in str(answer.error)


def test_rollouts_of_a_text_differ():
    """Rollouts and candidates of a plain text have seeds of their own, as those of a chat."""
    with FakeServer(" 4\n") as server:
        lm = programs.make_lm(server.base_url, server.name, None, max_tokens=9, temperature=1.0, seed=3)
        with dspy.context(lm=lm, adapter=ADAPTER):
            for model in (lm, lm.copy(rollout_id=1)):
                dspy.Predict(Solve)(question="?", lm=model)
        seeds = [request.body["seed"] for request in server.requests]

    assert seeds[0] == 3
    assert seeds[1] not in (3, None)
