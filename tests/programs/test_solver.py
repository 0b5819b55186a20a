"""Programs on a fake server: what is asked, what comes out, and what trouble becomes."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import dspy
import pytest

from dspysota import programs
from dspysota.errors import ConfigError
from dspysota.programs.lm import derived_seed
from dspysota.records import Example, Failure
from dspysota.testing import FakeServer, Fault

SUM = Example(id="sum", inputs={"question": "What is 2 + 2?"}, gold="4")
PAINTER = Example(
    id="painter",
    inputs={
        "question": "In which town was the painter of The Amber Ferry born?",
        "paragraphs": [
            ["Brissel", ["Brissel is a city of bridges.", " It has a museum."]],
            ["The Amber Ferry", ["The Amber Ferry is a painting by Selka Orvand.", " It hangs in a museum."]],
            ["Selka Orvand", ["Selka Orvand painted ships.", " She was born in Tarnholt."]],
            ["Kites", ["Kites fly."]],
        ],
    },
    gold="Tarnholt",
)


def solve(server, example, task="gsm8k", program="cot", adapter="plain", **options):
    lm = programs.make_lm(server.base_url, server.name, None, max_tokens=200, retries=0, **options)
    return programs.make_solver(programs.create(task, program), lm, adapter)(example)


@pytest.mark.parametrize("program", programs.names("gsm8k"))
def test_gsm8k_programs_answer(program):
    """Each program asks once and gives the number behind the marker, or the one that its code prints."""
    with FakeServer("print(2 + 2)" if program == "pot" else "2 + 2 = 4\n#### 4") as server:
        answer = solve(server, SUM, program=program)

    assert answer.prediction == "4"
    assert answer.failure is answer.error is None
    assert len(answer.calls) == 1


def test_everything_that_decides_the_answer_is_sent():
    """Temperature, seed, token limit and stop strings are on the wire in every request."""
    with FakeServer("#### 4") as server:
        solve(server, SUM, temperature=0.5, seed=7, stop=("\nQ:",))
        body = server.requests[0].body

    assert {name: body[name] for name in ("temperature", "seed", "max_tokens", "stop")} == {
        "temperature": 0.5,
        "seed": 7,
        "max_tokens": 200,
        "stop": ["\nQ:"],
    }


def test_read_retrieves_three_paragraphs_and_names_its_sources():
    """Retrieve-then-read shows the model the best three paragraphs, and tells which, and which sentences support it."""
    with FakeServer("Born in Tarnholt.\nAnswer: Tarnholt") as server:
        answer = solve(server, PAINTER, "hotpotqa", "read")
        shown = server.requests[0].question

    assert answer.prediction == "Tarnholt"
    assert set(answer.details["retrieved"]) == {"The Amber Ferry", "Selka Orvand", "Brissel"}
    assert ["Selka Orvand", 1] in answer.details["supporting_facts"]
    assert "Selka Orvand: Selka Orvand painted ships. She was born in Tarnholt." in shown
    assert "Kites" not in shown


def test_two_hop_retrieves_for_the_models_own_query():
    """The second hop searches what the model asked for among the paragraphs not yet found."""
    with FakeServer(lambda chat: "Query: kites" if "query" in chat[0]["content"] else "Answer: Tarnholt") as server:
        answer = solve(server, PAINTER, "hotpotqa", "two_hop")

    assert len(answer.calls) == 2
    assert answer.details["query"] == "kites"
    assert len(answer.details["retrieved"]) == 4
    assert answer.details["retrieved"][2] == "Kites"


def test_the_chat_adapter_runs_the_same_programs():
    """DSPy's own adapter is a matter of a name, its second call on a parse failure included."""
    with FakeServer("[[ ## reasoning ## ]]\nHm.\n[[ ## answer ## ]]\n4") as server:
        good = solve(server, SUM, adapter="chat")
    with FakeServer("4") as server:
        bad = solve(server, SUM, adapter="chat")

    assert good.prediction == "4"
    assert bad.prediction is None
    assert bad.failure is bad.error is None
    assert len(bad.calls) == 2


def test_the_plain_adapter_never_asks_twice():
    """An unreadable output is an answer without a prediction, after one call."""
    with FakeServer("so 2 + 2 is", faults={0: Fault("truncate")}) as server:
        answer = solve(server, SUM)

    assert answer.prediction is answer.failure is answer.error is None
    assert answer.calls[0].finish_reason == "length"


def test_a_missing_marker_is_told():
    """An answer taken from the last line says so in its details."""
    with FakeServer("It is\n4") as server:
        answer = solve(server, SUM)

    assert answer.prediction == "4"
    assert answer.details == {"marker": "missing"}


@pytest.mark.parametrize(
    "fault, failure",
    [
        (Fault("error"), Failure.SERVER_ERROR),
        (Fault("garbage"), Failure.SERVER_ERROR),
        (Fault("overflow"), Failure.CONTEXT_OVERFLOW),
        (Fault("hang"), Failure.TIMEOUT),
    ],
)
def test_trouble_has_a_class_and_keeps_its_calls(fault, failure):
    """Whatever the server does, the solver returns; the calls made before are kept, the failed one among them."""
    with FakeServer("Query: Selka Orvand", faults={1: fault}) as server:
        answer = solve(server, PAINTER, "hotpotqa", "two_hop", timeout=0.3 if fault.kind == "hang" else 30)

    assert answer.prediction is None
    assert answer.failure is failure
    assert answer.error
    assert [call.error is None for call in answer.calls] == [True, False]


def test_a_refusal_is_a_class_of_its_own():
    """A content filter's stop is not a wrong answer."""
    refused = b'{"choices": [{"message": {"content": "", "refusal": "I cannot help with that."}}]}'
    with FakeServer("never asked") as server:
        lm = programs.make_lm(server.base_url, server.name, None, max_tokens=9)
        object.__setattr__(lm.engine.wire, "post", lambda path, body: refused)
        answer = programs.make_solver(programs.create("gsm8k", "cot"), lm, "plain")(SUM)

    assert answer.failure is Failure.REFUSED
    assert answer.error == "I cannot help with that."
    assert len(answer.calls) == 1


def test_a_bug_in_a_program_is_a_program_error():
    """An exception of the program's own is data too, in its own class."""

    class Broken(dspy.Module):
        def forward(self, question):
            raise KeyError("oops")

    with FakeServer("4") as server:
        lm = programs.make_lm(server.base_url, server.name, None, max_tokens=9)
        answer = programs.make_solver(Broken(), lm, "plain")(SUM)

    assert answer.failure is Failure.PROGRAM_ERROR
    assert "oops" in str(answer.error)


def test_threads_do_not_mix_their_calls():
    """Of many questions at once, each answer holds its own call."""
    examples = [Example(id=str(i), inputs={"question": f"Say {i}."}, gold=str(i)) for i in range(50)]
    with FakeServer(lambda chat: "#### " + chat[-1]["content"].split(".")[0][4:]) as server:
        lm = programs.make_lm(server.base_url, server.name, None, max_tokens=9)
        solver = programs.make_solver(programs.create("gsm8k", "cot"), lm, "plain")
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(solver, examples))

    assert [answer.prediction for answer in answers] == [example.gold for example in examples]
    assert all(
        answer.calls[0].messages[-1].content.startswith(example.question)
        for answer, example in zip(answers, examples, strict=True)
    )


def test_rollouts_differ_and_repeat():
    """Rollouts of one seed send different seeds, the same ones every time; so do several candidates."""

    def seeds():
        with FakeServer("x") as server:
            lm = programs.make_lm(server.base_url, server.name, None, max_tokens=9, temperature=1.0, seed=3)
            for model in (lm, lm.copy(rollout_id=1), lm.copy(rollout_id=2)):
                model("Say x.")
            lm("Say x.", n=2)
            return [request.body["seed"] for request in server.requests]

    first = seeds()

    assert first == seeds()
    assert first[0] == first[3] == 3
    assert len(set(first)) == 4
    assert all(0 <= seed < 2**31 for seed in first)
    assert derived_seed(3, 1, 0) == first[1]


def test_unknown_names_are_named_with_the_valid_ones():
    """A task, program or adapter that does not exist is answered with those that do."""
    with pytest.raises(ConfigError, match=r"'maths'.*gsm8k, hotpotqa"):
        programs.create("maths", "cot")
    with pytest.raises(ConfigError, match=r"'cot'.*read, closed_book, direct, react, two_hop, verify"):
        programs.create("hotpotqa", "cot")
    with pytest.raises(ConfigError, match=r"'read@magic'.*read@dense, read@hybrid, read@pool,"):
        programs.create("hotpotqa", "read@magic")
    with pytest.raises(ConfigError, match=r"'cot@dense'.*has cot, direct"):
        programs.create("gsm8k", "cot@dense")
    with pytest.raises(ConfigError, match=r"'closed_book@dense'.*"):
        programs.create("hotpotqa", "closed_book@dense")
    with pytest.raises(ConfigError, match=r"'read@pool' searches the paragraphs of many rows"):
        programs.create("hotpotqa", "read@pool")
    with pytest.raises(ConfigError, match=r"'yaml'.*plain, chat"):
        programs.make_adapter("yaml")


@pytest.mark.parametrize("task, program", [(t, p) for t in ("gsm8k", "hotpotqa") for p in programs.names(t)])
def test_every_listed_program_exists(task, program):
    """The list of programs is kept apart from their classes, so that reading it imports nothing; it must be true."""
    assert isinstance(programs.create(task, program), dspy.Module)


def test_every_listed_adapter_exists():
    """The same for adapters."""
    assert all(isinstance(programs.make_adapter(name), dspy.Adapter) for name in programs.adapters())


def test_every_listed_name_exists():
    """All public names can be imported."""
    assert all(getattr(programs, name) is not None for name in programs.__all__)


def test_names_cost_no_dspy():
    """Listing programs, adapters and approaches imports neither DSPy nor bm25s nor numpy."""
    code = (
        "import sys; from dspysota import approaches, programs; "
        "programs.names('gsm8k'), programs.variants('hotpotqa'), programs.adapters(), approaches.names(); "
        "assert not {'dspy', 'bm25s', 'litellm', 'numpy'} & set(sys.modules)"
    )

    subprocess.run([sys.executable, "-c", code], check=True)
