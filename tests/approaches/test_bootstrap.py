"""Bootstrapping: DSPy's demonstrations, found many questions at a time."""

import re
import threading
from typing import Any

import dspy
import pytest

from dspysota import programs
from dspysota.approaches import bootstrap
from dspysota.compiling.concurrently import ConcurrentBootstrap, first_successes
from dspysota.compiling.job import make_job
from dspysota.compiling.tape import Tape
from dspysota.errors import ProgramError
from dspysota.records import Budget, Example
from dspysota.testing import FakeServer, Fault

TRAIN = [dspy.Example(question=f"Count to {i}.", answer=str(i)).with_inputs("question") for i in range(40)]
ROWS = tuple(Example(id=str(i), inputs={"question": f"Count to {i}."}, gold=str(i)) for i in range(40))


def counts(chat):
    """Count rightly only to numbers that end in 3 or 8; how well does not depend on the demonstrations."""
    n = int(re.findall(r"Count to (\d+)\.", chat[-1]["content"])[0])
    return f"One to {n}.\n#### {n if n % 5 == 3 else 'many'}"


def exact(example, prediction, trace=None):
    return example.answer == prediction.answer


def demos(optimizer, server, program="cot", trainset=TRAIN):
    """Return the demonstrations of each predictor, as plain dictionaries."""
    lm = programs.make_lm(server.base_url, server.name, None, max_tokens=50)
    with dspy.context(lm=lm, adapter=programs.make_adapter("plain"), disable_history=True):
        module = optimizer.compile(programs.create("gsm8k", program), trainset=trainset)
    return {name: [demo.toDict() for demo in predictor.demos] for name, predictor in module.named_predictors()}


@pytest.mark.parametrize("program", ["cot", "direct"])
@pytest.mark.parametrize(
    "settings",
    [
        {"max_bootstrapped_demos": 4, "max_labeled_demos": 0},
        {"max_bootstrapped_demos": 2, "max_labeled_demos": 4},
        {"max_bootstrapped_demos": 16, "max_labeled_demos": 16},
        {"max_bootstrapped_demos": 4, "max_labeled_demos": 0, "max_rounds": 2},
        {"max_bootstrapped_demos": 3, "max_labeled_demos": 4, "max_rounds": 2},
    ],
    ids=str,
)
def test_demonstrations_are_those_of_dspy(settings, program):
    """Asked 8 at a time, the same demonstrations in the same order as DSPy finds one by one."""
    with FakeServer(counts) as server:
        ours = demos(ConcurrentBootstrap(concurrency=8, metric=exact, **settings), server, program)
        theirs = demos(dspy.BootstrapFewShot(metric=exact, max_errors=1000, **settings), server, program)

    assert ours == theirs
    assert any(ours.values())


def test_two_calls_of_one_predictor_leave_the_demonstration_dspy_would_choose():
    """Of several traces of one predictor in one question, DSPy's own draw decides, and ours draws the same."""

    class Twice(dspy.Module):
        def __init__(self):
            super().__init__()
            self.say = dspy.Predict("question -> answer")

        def forward(self, question):
            self.say(question=question)
            return self.say(question=f"Again: {question}")

    def compiled(optimizer, server):
        lm = programs.make_lm(server.base_url, server.name, None, max_tokens=50)
        with dspy.context(lm=lm, adapter=programs.make_adapter("plain"), disable_history=True):
            return [demo.toDict() for demo in optimizer.compile(Twice(), trainset=TRAIN).say.demos]

    def settings():
        return {"max_bootstrapped_demos": 12, "max_labeled_demos": 0, "metric": lambda *_: True}

    with FakeServer(lambda chat: chat[-1]["content"]) as server:
        ours = compiled(ConcurrentBootstrap(concurrency=8, **settings()), server)
        theirs = compiled(dspy.BootstrapFewShot(**settings()), server)

    assert ours == theirs
    assert len({demo["question"].startswith("Again") for demo in ours}) == 2


def test_unreadable_outputs_end_nothing():
    """DSPy gives up after ten errors; here an output that cannot be read is only a question not solved."""
    with FakeServer(lambda chat: counts(chat) if "38" in chat[-1]["content"] else "") as server:
        found = demos(ConcurrentBootstrap(concurrency=8, metric=exact, max_labeled_demos=0), server)

    assert [demo["question"] for demo in found["solve.predict"]] == ["Count to 38."]


def test_an_unreadable_output_changes_no_later_prompt():
    """The teacher shows the same labels before and after, whichever of its questions could not be read."""
    settings: dict[str, Any] = {"max_bootstrapped_demos": 40, "max_labeled_demos": 4, "metric": exact}

    def asked(concurrency, answers):
        with FakeServer(answers) as server:
            demos(ConcurrentBootstrap(concurrency=concurrency, **settings), server)
            return sorted(str(request.messages) for request in server.requests)

    assert asked(1, counts) == asked(1, "") == asked(8, "")


def test_the_server_is_kept_full():
    """As many questions as allowed are under way at once."""
    with FakeServer(counts) as server:
        server.hold()
        optimizer = ConcurrentBootstrap(concurrency=8, metric=exact, max_labeled_demos=0, max_bootstrapped_demos=8)
        thread = threading.Thread(target=demos, args=(optimizer, server))
        thread.start()
        full = server.wait_until(lambda s: s.in_flight == 8)
        server.release()
        thread.join(20)

    assert full
    assert server.peak == 8


def test_little_is_asked_beyond_what_is_needed():
    """At most concurrency - 1 questions more than one after the other."""
    with FakeServer(counts) as server:
        optimizer = ConcurrentBootstrap(concurrency=8, metric=exact, max_labeled_demos=0, max_bootstrapped_demos=2)
        demos(optimizer, server)

        assert 9 <= len(server.requests) <= 9 + 7
        assert optimizer.asked == len(server.requests) == len(optimizer.calls)


def test_a_slow_success_does_not_let_the_others_run_ahead():
    """While the question that decides is still open, nothing further ahead than concurrency is begun."""
    begun = []
    late = threading.Event()

    def attempt(index):
        begun.append(index)
        if index == 0:
            late.wait(20)
            return "decided"
        if index == 3:
            late.set()
        return None

    found, asked = first_successes(attempt, 40, 1, concurrency=4)

    assert found == {0: "decided"}
    assert asked == len(begun) == 4


@pytest.mark.parametrize("wanted, kept", [(1, [3]), (3, [3, 8, 13]), (99, [3, 8, 13, 18])])
def test_the_first_successes_by_index_are_kept(wanted, kept):
    """Whichever attempt ends first, the successes of lowest index win."""
    late = threading.Event()

    def attempt(index):
        if index == 3:
            late.wait(10)  # the first success ends last
        elif index == 9:
            late.set()
        return index if index % 5 == 3 else None

    found, made = first_successes(attempt, 20, wanted, concurrency=10)

    assert list(found) == kept
    assert made <= 20


def test_what_an_attempt_raises_is_raised():
    """A bug is not a failed attempt."""

    def attempt(index):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        first_successes(attempt, 5, 1, concurrency=2)


def job(server, **fields):
    lm = programs.make_lm(server.base_url, server.name, None, max_tokens=50, retries=0)
    values = {
        "task": "gsm8k",
        "program": "cot",
        "adapter_name": "plain",
        "train": ROWS,
        "score": lambda example, prediction, output: float(prediction == example.gold),
        "lm": lm,
        "concurrency": 8,
    }
    return make_job(tape=Tape(None, Budget(), concurrency=8), **{**values, **fields})


def test_four_reasoned_demonstrations_by_default():
    """The approach finds four right answers with their reasoning, and counts every request it made."""
    with FakeServer(counts) as server:
        asking = job(server)
        outcome = bootstrap.apply(asking)
        requests = len(server.requests)
    (predictor,) = outcome.module.predictors()

    assert [demo.answer for demo in predictor.demos] == ["3", "8", "13", "18"]
    assert all(demo.reasoning.startswith("One to") for demo in predictor.demos)
    assert asking.tape.calls == requests
    assert outcome.notes == ()


def test_fewer_than_wanted_is_noted():
    """A program with fewer demonstrations than asked for says so."""
    with FakeServer(counts) as server:
        outcome = bootstrap.apply(job(server, train=ROWS[:10]))

    assert outcome.notes == ("Found 2 of 4 demonstrations in 10 training questions.",)


def test_none_at_all_is_an_error_with_a_cure():
    """A bootstrap that found nothing is never passed off as one: the error counts the questions and names a cure."""
    with FakeServer("#### many") as server, pytest.raises(ProgramError, match=r"none of 40 .*few_shot"):
        bootstrap.apply(job(server))


def test_a_dead_server_is_given_up():
    """When every request fails, the search ends early and quotes the server."""
    with FakeServer("4", faults={"": Fault("error")}) as server:
        with pytest.raises(ProgramError, match=r"gave up: every request so far failed.*scripted failure"):
            bootstrap.apply(job(server))

        assert len(server.requests) < 30


def test_demonstrations_that_do_not_fit_are_left_out():
    """With a short context the last demonstrations go, and a note says how many."""
    with FakeServer(counts) as server:
        outcome = bootstrap.apply(job(server, context_length=120))
    (predictor,) = outcome.module.predictors()

    assert 0 < len(predictor.demos) < 4
    assert predictor.demos[0].answer == "3"
    assert "would not fit into 120 tokens" in outcome.notes[0]
