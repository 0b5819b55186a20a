"""The structured adapter: what the server is made to write, and servers that cannot be made to."""

import re
from typing import Literal

import dspy
import pytest

from dspysota import programs
from dspysota.programs.signatures.gsm8k import Solve
from dspysota.programs.signatures.hotpotqa import AnswerShortly
from dspysota.programs.structured import FREE_CHARACTERS, constraint
from dspysota.records import Example, Failure
from dspysota.testing import FakeServer, Fault

COT = dspy.ChainOfThought(Solve).predict.signature
SUM = Example(id="sum", inputs={"question": "What is 2 + 2?"}, gold="4")


class Place(dspy.Signature):
    """Name the place."""

    hint: str = dspy.InputField()
    city: str = dspy.OutputField()
    founded: int = dspy.OutputField()
    size: Literal["small", "big (very)"] = dspy.OutputField()


class Summary(dspy.Signature):
    """Summarize."""

    text: str = dspy.InputField()
    summary: str = dspy.OutputField()


def solve(server, program="cot", **options):
    lm = programs.make_lm(server.base_url, server.name, None, retries=0, **{"max_tokens": 200, **options})
    return programs.make_solver(programs.create("gsm8k", program), lm, "structured")(SUM)


@pytest.mark.parametrize(
    "signature, output, allowed",
    [
        (COT, "Two and two.\n\nThat is 4.\n#### 4", True),
        (COT, "Two and two.\n#### -1,234.5", True),
        (COT, "Two and two.", False),
        (COT, "Two and two.\n#### four", False),
        (COT, "Two and two.\n#### 4\nAnd so on", False),
        (COT, "x" * FREE_CHARACTERS + "\n#### 4", True),
        (COT, "x" * (FREE_CHARACTERS + 1) + "\n#### 4", False),
        (Solve, "#### 4", True),
        (Solve, "It is\n#### 4", False),
        (AnswerShortly, "Answer: yes", True),
        (AnswerShortly, "Answer: " + "x" * 200, False),
        (Place, "City: Rome\nFounded: -753\nSize: big (very)", True),
        (Place, "City: Rome\nFounded: long ago\nSize: small", False),
        (Place, "City: Rome\nFounded: 1\nSize: big very", False),
    ],
)
def test_only_what_can_be_read_may_be_written(signature, output, allowed):
    """Bounded reasoning where there is some, then a line for each answer, of its marker and its type."""
    assert allowed == bool(re.fullmatch(str(constraint(signature)), output))


def test_a_whole_text_needs_no_constraint():
    """A single output without a marker is whatever was written."""
    assert constraint(Summary) is None


def test_the_prompt_is_the_plain_one_with_a_constraint():
    """The expression is on the wire beside the plain adapter's own words; it alone says where to stop."""
    with FakeServer("Two and two.\n#### 4") as server:
        lm = programs.make_lm(server.base_url, server.name, None, max_tokens=200, stop=("\nInstruct:",))
        for adapter in ("structured", "plain"):
            programs.make_solver(programs.create("gsm8k", "cot"), lm, adapter)(SUM)
        constrained, plain = server.requests

    assert constrained.messages == plain.messages
    assert constrained.body["structured_outputs"] == {"regex": constraint(COT)}
    assert constrained.body["stop"] is None
    assert "structured_outputs" not in plain.body


def test_a_constrained_answer_is_read_as_a_plain_one():
    """Reasoning and answer come apart as they do without a constraint."""
    with FakeServer("Two and two.\n#### 4") as server:
        answer = solve(server)

    assert answer.prediction == "4"
    assert answer.failure is answer.error is None


def test_a_server_that_refuses_the_constraint_is_an_error_with_a_cure():
    """HTTP 400 is one sentence that names the cure and the server's own words; nothing is asked again without it."""
    with FakeServer("#### 4", lacks=["structured_outputs"]) as server:
        answer = solve(server)

    assert answer.failure is Failure.SERVER_ERROR
    assert "refuses structured outputs; take another adapter, such as 'plain'" in str(answer.error)
    assert "Unrecognized request argument" in str(answer.error)
    assert len(answer.calls) == 1


@pytest.mark.parametrize("program, output", [("cot", "I think it is 4."), ("direct", "It is 4.\n#### 4")])
def test_a_server_that_ignores_the_constraint_is_an_error_with_a_cure(program, output):
    """An output of another form was not constrained, even if an answer could be read out of it."""
    with FakeServer(output) as server:
        answer = solve(server, program)

    assert answer.prediction is None
    assert answer.failure is Failure.SERVER_ERROR
    assert "ignores structured outputs" in str(answer.error)


def test_a_truncated_output_is_no_sign_of_disobedience():
    """An output that ran into the limit on tokens is an answer that cannot be read, not an error."""
    with FakeServer("so 2 + 2 is", faults={0: Fault("truncate")}) as server:
        answer = solve(server)

    assert answer.prediction is answer.failure is answer.error is None


def test_the_constraint_does_not_depend_on_the_limit_on_tokens():
    """A warm-up with one token has the server compile the expression that the questions will use."""
    with FakeServer("Two.\n#### 4") as server:
        solve(server, max_tokens=1)
        solve(server, max_tokens=400)
        first, second = (request.body["structured_outputs"] for request in server.requests)

    assert first == second
