"""Random search at once: what DSPy finds one after the other, with the same requests."""

import hashlib
import json
import threading
from collections import Counter
from typing import Any

import dspy
import pytest

from dspysota import programs
from dspysota.compiling.crew import Crew
from dspysota.compiling.optimizing import quiet
from dspysota.compiling.search import ConcurrentRandomSearch
from dspysota.compiling.tape import Tape
from dspysota.compiling.taped import taped
from dspysota.records import Budget
from dspysota.testing import FakeServer


def rows(kind, n):
    return [dspy.Example(question=f"{kind} {i}: how many?", answer=str(i)).with_inputs("question") for i in range(n)]


class Fickle:
    """Answers rightly, wrongly or unreadably, as a digest of the whole conversation has it."""

    def __init__(self, salt, right=40, unreadable=10):
        self.salt = salt
        self.right = right
        self.unreadable = unreadable

    def __call__(self, messages):
        n = messages[-1]["content"].split(":")[0].split()[-1]
        lot = hashlib.sha256(json.dumps([self.salt, messages]).encode()).digest()[0] % 100
        if lot < self.right:
            return f"It is {n}.\n#### {n}"
        return "" if lot >= 100 - self.unreadable else "It is many.\n#### 12345"


def exact(example, prediction, trace=None):
    return float(example.answer == prediction.answer)


def found(search, server, *, train=24, validation=10, program="cot"):
    """Return what a search finds: the winner, every candidate with its scores and demonstrations, and the requests."""
    with Tape(None, Budget(), concurrency=8) as tape, quiet():
        lm = programs.make_lm(server.base_url, server.name, None, max_tokens=50)
        lm = taped(lm, tape, "fake", lambda: "all")
        settings = {"adapter": programs.make_adapter("plain"), "disable_history": True, "max_errors": 10**9}
        with dspy.context(lm=lm, **settings):
            best = search().compile(
                programs.create("gsm8k", program), trainset=rows("train", train), valset=rows("val", validation)
            )
    candidates = [
        (one["seed"], one["score"], one["subscores"], shown(one["program"])) for one in best.candidate_programs
    ]
    requests = Counter(json.dumps(request.body, sort_keys=True) for request in server.requests)
    return shown(best), candidates, requests


def shown(module):
    return [[demo.toDict() for demo in predictor.demos] for predictor in module.predictors()]


SETTINGS = [
    {"num_candidate_programs": 5},
    {"num_candidate_programs": 4, "max_bootstrapped_demos": 2, "max_labeled_demos": 3},
    {"num_candidate_programs": 3, "max_bootstrapped_demos": 6, "max_rounds": 2},
    {"num_candidate_programs": 0, "max_bootstrapped_demos": 1},
]


@pytest.mark.parametrize("salt", ["a", "b", "c"])
@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_everything_is_as_with_dspy(settings, salt):
    """The same winner, candidates, scores and demonstrations, by exactly the requests that DSPy with a cache sends."""
    fields: dict[str, Any] = {"metric": exact, "metric_threshold": 1.0, "max_labeled_demos": 0, **settings}
    # With labels, DSPy's teacher would forget some of them after an output that it cannot read.
    answers = Fickle(salt, unreadable=0 if fields["max_labeled_demos"] else 10)
    with FakeServer(answers) as server:
        ours = found(lambda: ConcurrentRandomSearch(concurrency=8, **fields), server)
    with FakeServer(answers) as server:
        theirs = found(lambda: dspy.BootstrapFewShotWithRandomSearch(num_threads=1, **fields), server)

    assert ours == theirs


@pytest.mark.parametrize("salt", range(6))
def test_of_equal_scores_the_first_candidate_wins_as_with_dspy(salt):
    """With three validation rows most candidates are equally good, and the winner is still DSPy's."""
    fields: dict[str, Any] = {"metric": exact, "max_labeled_demos": 0, "num_candidate_programs": 6}
    with FakeServer(Fickle(salt, right=70)) as server:
        ours = found(lambda: ConcurrentRandomSearch(concurrency=8, **fields), server, validation=3)
        scores = [score for _, score, *_ in ours[1]]
    with FakeServer(Fickle(salt, right=70)) as server:
        theirs = found(lambda: dspy.BootstrapFewShotWithRandomSearch(num_threads=1, **fields), server, validation=3)

    assert ours == theirs
    assert scores.count(max(scores)) > 1


def test_candidates_can_be_restricted_as_with_dspy():
    """`restrict` makes these seeds only."""
    with FakeServer(Fickle("r")) as server:
        _, candidates, _ = found(lambda: Restricted(concurrency=4, metric=exact, max_labeled_demos=0), server)

    assert sorted(seed for seed, *_ in candidates) == [-3, 1]


class Restricted(ConcurrentRandomSearch):
    def compile(self, student, **fields):
        return super().compile(student, restrict=[-3, 1], **fields)


def test_the_server_is_kept_full_while_candidates_are_bootstrapped():
    """Bootstrapping and scoring of different candidates are under way at the same time, as many as are allowed."""
    with FakeServer(Fickle("full")) as server:
        server.hold()
        search = lambda: ConcurrentRandomSearch(concurrency=16, metric=exact, max_labeled_demos=0)  # noqa: E731
        thread = threading.Thread(target=found, args=(search, server))
        thread.start()
        full = server.wait_until(lambda s: s.in_flight == 8)
        server.release()
        thread.join(30)

    assert full
    assert server.peak == 8


def test_what_a_metric_raises_while_bootstrapping_or_scoring_is_a_wrong_answer():
    """As with DSPy: a row whose metric fails counts nothing, and ends nothing."""

    def broken(example, prediction, trace=None):
        raise ZeroDivisionError

    with FakeServer(Fickle("x")) as server:
        best, candidates, _ = found(
            lambda: ConcurrentRandomSearch(concurrency=4, metric=broken, max_labeled_demos=0), server, train=5
        )

    assert best == [[]]
    assert {score for _, score, *_ in candidates} == {0.0}


def test_what_on_end_raises_ends_the_search_at_once():
    """The first error is the one that is seen, and questions that were not begun are never asked."""
    told = []

    def on_end():
        told.append(1)
        if len(told) >= 5:
            raise ZeroDivisionError(f"after {len(told)}")

    with FakeServer(Fickle("x")) as server:
        with pytest.raises(ZeroDivisionError, match="after"):
            found(
                lambda: ConcurrentRandomSearch(concurrency=4, metric=exact, max_labeled_demos=0, on_end=on_end), server
            )

        assert len(server.requests) < 40


def test_a_crew_does_what_ranks_lowest_first_and_else_what_came_first():
    """Of work that waits, rank decides, then the order of giving."""
    done, may_start, ended = [], threading.Event(), threading.Event()
    with Crew(1) as crew:
        crew.give(lambda: may_start.wait(10), lambda *_: None)
        for name, rank in (("c", 2), ("a", 0), ("d", 2), ("b", 1)):
            crew.give(lambda name=name: done.append(name), lambda *_: None, rank)
        crew.give(ended.set, lambda *_: None, 9)
        may_start.set()

        assert ended.wait(10)
    assert done == ["a", "b", "c", "d"]


def test_a_dismissed_crew_says_why_it_did_not_begin():
    """What was waiting, and what is given later, comes to the reason of the dismissal; what runs is finished."""
    outcomes, begun, may_end, both = [], threading.Event(), threading.Event(), threading.Event()
    reason = ZeroDivisionError()

    def then(result, error):
        outcomes.append((result, error))
        if len(outcomes) == 3:
            both.set()

    def work():
        begun.set()
        may_end.wait(10)
        return "finished"

    crew = Crew(1)
    crew.give(work, then)
    begun.wait(10)
    crew.give(lambda: "never", then)
    crew.dismiss(reason)
    crew.give(lambda: "too late", then)
    may_end.set()

    assert both.wait(10)
    assert outcomes == [(None, reason), (None, reason), ("finished", None)]
