"""Program of thought on GSM8K: what is asked, what the sandbox makes of the answer, and what trouble becomes."""

import re

import dspy
import pytest

from dspysota import programs
from dspysota.approaches import few_shot
from dspysota.compiling.concurrently import ConcurrentBootstrap
from dspysota.compiling.job import make_job
from dspysota.compiling.tape import Tape
from dspysota.loop.classify import judge
from dspysota.programs.gsm8k.pot import number
from dspysota.records import Budget, Example, Failure
from dspysota.tasks import get
from dspysota.testing import FakeServer, Fault

SUM = Example(id="sum", inputs={"question": "What is 2 + 2?"}, gold="4")


def solver(server, adapter="plain", **options):
    lm = programs.make_lm(server.base_url, server.name, None, max_tokens=200, retries=0, **options)
    return programs.make_solver(programs.create("gsm8k", "pot"), lm, adapter)


def answer_to(output, adapter="plain", **options):
    with FakeServer(output, **options) as server:
        return solver(server, adapter)(SUM)


def failure_of(answer):
    task = get("gsm8k")
    case = judge(SUM, answer, 0.0, score=task.score, primary=task.primary, complete=lambda example, details: None)
    return case.failure


def test_a_program_is_asked_for_in_one_sentence():
    """The question, what to write, and the fences that it stands between."""
    with FakeServer("```python\nprint(2 + 2)\n```") as server:
        answer = solver(server)(SUM)
        (message,) = server.requests[0].body["messages"]

    assert message["content"] == (
        "What is 2 + 2?\n\nWrite a short Python program that solves the math problem and ends by printing the answer "
        'as a number. Reply with one block of Python code, from "```python" to "```".'
    )
    assert answer.prediction == "4"
    assert answer.details == {"code": "print(2 + 2)", "printed": "4\n"}
    assert failure_of(answer) is None


@pytest.mark.parametrize(
    "code, prediction",
    [
        ("print(1)\nprint(4)", "4"),
        ("print('The answer is', 4, 'apples')", "4"),
        ("print('3 apples and 4 pears')", "4"),
        ("print(4)\nprint('Done!')", "4"),
        ("print(4)\nanswer = 5", "4"),
        ("print('Let us see.')\nanswer = 4", "4"),
        ("answer = 4\nresult = 5\n", "4"),
        ("answer = None\nresult = 4\ndef f():\n    return 5", "4"),
        ("answer = '$4.00'", "4"),
        ("def solution():\n    return 2 + 2", "4"),
        ("def solution():\n    print(2 + 2)", "4"),
        ("def work_it_out(a=2):\n    return a + a", "4"),
        ("def f(a):\n    return a + a\nf(2)", "4"),
        ("def f(a):\n    return a + a\nx = f(2)\nx", "4"),
        ("print(0.1 * 40)", "4"),
        ("print(4.000000000000001)", "4"),
        ("print(1e3)", "1000"),
        ("print(f'{1234567.5:,.2f}')", "1234567.5"),
        ("print(-4)", "-4"),
    ],
)
def test_the_first_place_with_a_number_gives_the_answer(code, prediction):
    """Printed text, then `answer`, `result`, a function nobody called, the last line; in it the last number."""
    answer = answer_to(f"```python\n{code}\n```")

    assert answer.prediction == prediction
    assert "sandbox" not in answer.details


@pytest.mark.parametrize(
    "output",
    [
        "print(2 + 2)",
        "Sure, here it is:\nprint(2 + 2)\nThis prints 5.",
        "```\nprint(2 + 2)\n```\nThe answer is 5.\n#### 5",
        "```python\nprint(2 + 2)\n```\nOutput:\n```\n5\n```",
        "```python\nprint(2 + 2)",
    ],
)
def test_what_counts_is_what_the_program_computes(output):
    """However the code is wrapped, what the model says about it does not count."""
    assert answer_to(output).prediction == "4"


@pytest.mark.parametrize(
    "code, trouble",
    [
        ("print(2 + 2", "syntax error: "),
        ("print(4)\n1 / 0", "exception: ZeroDivisionError"),
        ("answer = 4\nprint(apples)", "exception: NameError"),
        ("import os\nprint(os.environ)", "forbidden: "),
        ("print(9**9**9)", "out of memory: "),
        ("def f():\n    return f()\nprint(f())", "too deep: "),
        ("while True:\n    print(4)", "too much output: "),
        ("#" * 21_000, "code too long: "),
    ],
)
def test_code_that_does_not_run_is_no_answer(code, trouble):
    """The case is unparsable, never 0 and never a number printed on the way; the details say why."""
    answer = answer_to(f"```python\n{code}\n```")

    assert answer.prediction is answer.failure is answer.error is None
    assert str(answer.details["sandbox"]).startswith(trouble)
    assert failure_of(answer) is Failure.UNPARSABLE
    assert all(len(str(value)) <= 2000 for value in answer.details.values())


@pytest.mark.parametrize("code", ["x = 4", "print('none')", "print(None)", "print(float('nan'))", "print(10**30)"])
def test_a_program_without_a_number_is_no_answer(code):
    """Nothing is taken from where no answer is given."""
    answer = answer_to(f"```python\n{code}\n```")

    assert answer.prediction is None
    assert failure_of(answer) is Failure.UNPARSABLE


def test_prose_is_no_answer():
    """Who writes no program has not answered, even with the right number."""
    assert failure_of(answer_to("The answer is 4.")) is Failure.UNPARSABLE


@pytest.mark.parametrize(
    "adapter, output",
    [
        ("plain", "```python\nx = 4\nprint(x) # and so it goes on and on"),
        ("plain", "x = 4\nprint(x) # and so it goes on and on"),
        ("chat", "[[ ## code ## ]]\nx = 4\nprint(x) # and so it goes on and on and on for ever"),
    ],
)
def test_a_program_that_is_cut_off_is_no_answer(adapter, output):
    """Half a program may run and print half of the answer: it is not run."""
    answer = answer_to(output, adapter, faults={0: Fault("truncate"), 1: Fault("truncate")})

    assert answer.calls[-1].finish_reason == "length"
    assert answer.prediction is None
    assert "printed" not in answer.details
    assert failure_of(answer) is Failure.TRUNCATED


def test_a_program_that_was_whole_before_the_limit_counts():
    """Only what was said about it is missing."""
    output = "```python\nprint(4)\n```\nThis program prints four because two and two make four as everyone knows"
    answer = answer_to(output, faults={0: Fault("truncate")})

    assert answer.calls[0].finish_reason == "length"
    assert answer.prediction == "4"


@pytest.mark.parametrize(
    "adapter, output",
    [
        ("chat", "[[ ## code ## ]]\nprint(2 + 2)\n\n[[ ## completed ## ]]"),
        ("chat", "[[ ## code ## ]]\n```python\nprint(2 + 2)\n```\n\n[[ ## completed ## ]]"),
        ("json", '{"code": "x = 4\\nprint(x)"}'),
        ("json", '{"code": "```python\\nprint(4)\\n```"}'),
    ],
)
def test_dspys_own_adapters_run_it_too(adapter, output):
    """Fences inside their fields are taken off."""
    answer = answer_to(output, adapter)

    assert answer.prediction == "4"
    assert len(answer.calls) == 1


def test_trouble_with_the_server_keeps_its_class():
    """Without an output there is nothing to run."""
    answer = answer_to("print(4)", faults={0: Fault("error")})

    assert answer.failure is Failure.SERVER_ERROR
    assert answer.details == {}


def test_without_a_sandbox_nothing_is_guessed(monkeypatch, tmp_path):
    """A sandbox that does not start is an error of the case, with a cure, and no wrong answer of the model's."""
    monkeypatch.setenv("MONTY_BIN", str(tmp_path / "none"))
    answer = answer_to("```python\nprint(4)\n```")

    assert answer.failure is Failure.PROGRAM_ERROR
    assert "pip install" in str(answer.error)


@pytest.mark.parametrize("text, expected", [("", None), ("1/2", None), ("7\n", "7"), ("- 7", "7"), ("٣", None)])
def test_a_number_is_plain_digits(text, expected):
    """What is no number stays none."""
    assert number(text) == expected


def counts(chat):
    """Count rightly only to numbers that end in 3 or 8."""
    n = int(re.findall(r"Count to (\d+)\.", chat[-1]["content"])[0])
    return f"Let us count.\n```python\nn = {n if n % 5 == 3 else -1}\nprint(n)\n```\nThat is it."


def test_bootstrapping_finds_programs_as_demonstrations():
    """A demonstration is a question and the code alone, shown as a fenced block; the same ones as DSPy finds."""
    train = [dspy.Example(question=f"Count to {i}.", answer=str(i)).with_inputs("question") for i in range(20)]

    def compiled(make, **settings):
        settings = {"max_bootstrapped_demos": 2, "max_labeled_demos": 2, **settings}
        optimizer = make(metric=lambda example, found, trace=None: example.answer == found.answer, **settings)
        with FakeServer(counts) as server:
            lm = programs.make_lm(server.base_url, server.name, None, max_tokens=50)
            with dspy.context(lm=lm, adapter=programs.make_adapter("plain"), disable_history=True):
                return optimizer.compile(programs.create("gsm8k", "pot"), trainset=train).write

    found = compiled(ConcurrentBootstrap, concurrency=4)
    demos = [{"question": f"Count to {n}.", "code": f"n = {n}\nprint(n)", "augmented": True} for n in (3, 8)]
    shown = programs.make_adapter("plain").format(found.signature, found.demos, {"question": "?"})

    assert [demo.toDict() for demo in found.demos] == demos
    assert [demo.toDict() for demo in compiled(dspy.BootstrapFewShot, max_errors=99).demos] == demos
    assert [turn["content"] for turn in shown[1:]] == [
        "```python\nn = 3\nprint(n)\n```",
        "Count to 8.",
        "```python\nn = 8\nprint(n)\n```",
        "?",
    ]


def test_hand_written_programs_compute_their_answers():
    """Each demonstration is a program, and shown to the program itself it gives the right answer."""
    job = make_job(
        task="gsm8k",
        program="pot",
        adapter_name="plain",
        train=(),
        score=lambda *_: 0.0,
        lm=programs.make_lm("http://127.0.0.1:9/v1", "nobody", None, max_tokens=50),
        tape=Tape(None, Budget(), concurrency=1),
    )
    entries = few_shot.read("gsm8k")
    predictor = few_shot.apply(job).module.write
    adapter = programs.make_adapter("plain")

    assert [set(demo.keys()) for demo in predictor.demos] == [{"question", "code"}] * len(entries)
    for demo, entry in zip(predictor.demos, entries, strict=True):
        output = adapter.format_assistant_message_content(predictor.signature, demo)
        assert answer_to(output).prediction == entry["answer"]
