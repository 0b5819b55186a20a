"""Optimizers for scripts: by name, with a model and rows of one's own, and perhaps a metric."""

import math

import dspy
import pytest

import dspysota
from dspysota import Budget, ConfigError, DataError, ProgramError, create_optimizer, programs
from dspysota.records import TokenPrice
from dspysota.testing import FakeServer, Fault
from tests.approaches.asking import DATA, VALIDATION, bodies, fickle, prepare, rows, shown

PRICES = {"fake": TokenPrice(prompt=1.0, completion=1.0)}


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """An empty cache of the test's own."""
    monkeypatch.setenv("DSPYSOTA_HOME", str(tmp_path))


def optimizer(server, name="random_search", **fields):
    lm = programs.make_lm(server.base_url, server.name, None, max_tokens=50, retries=0)
    return create_optimizer(name, **{"task": "gsm8k", "lm": lm, "progress": False, "concurrency": 4, **fields})


def test_it_finds_what_an_experiment_finds():
    """The same rows, model and seed give the program that a profile's cell would get."""
    with FakeServer(fickle) as server:
        ours = optimizer(server, num_candidate_programs=4).compile(DATA.train, DATA.validation, program="cot")
        theirs = prepare(server, "random_search", settings={"num_candidate_programs": 4})

    assert shown(ours) == shown(theirs)
    assert ours.info.validation_score == theirs.info.validation_score
    assert ours.info.candidates == 6


def test_a_metric_of_ones_own_decides_instead_of_the_tasks():
    """It is called with the row and the answer's text, and what it likes becomes a demonstration."""
    seen = []

    def wrong_is_right(example, answer):
        seen.append((example, answer))
        return float(answer != example.gold)

    with FakeServer(fickle) as server:
        prepared = optimizer(server, "bootstrap", metric=wrong_is_right).compile(DATA.train)

    assert {demo["answer"] for demo in shown(prepared)[0]} == {"12345"}
    assert all(isinstance(row, dspysota.Example) and isinstance(answer, str) for row, answer in seen)


def test_with_a_metric_of_ones_own_nothing_is_kept_unless_it_has_a_version():
    """Another function under the same arguments finds another program; one with a version is loaded by it."""
    likes = lambda example, answer: float(answer == example.gold)  # noqa: E731
    dislikes = lambda example, answer: float(answer != example.gold)  # noqa: E731
    with FakeServer(fickle) as server:
        first = optimizer(server, metric=likes).compile(DATA.train, DATA.validation)
        other = optimizer(server, metric=dislikes).compile(DATA.train, DATA.validation)
        versioned = optimizer(server, metric=likes, metric_version="1").compile(DATA.train, DATA.validation)
        again = optimizer(server, metric=likes, metric_version="1").compile(DATA.train, DATA.validation)
        changed = optimizer(server, metric=dislikes, metric_version="2").compile(DATA.train, DATA.validation)

    assert shown(first) != shown(other)
    assert [p.info.reused for p in (first, other, versioned, again, changed)] == [False, False, False, True, False]


class Killed(BaseException):
    """As Ctrl-C."""


def test_an_interrupted_search_goes_on_also_with_a_metric_of_ones_own():
    """What was paid for is kept, although the program would not be."""
    calls = iter(range(10**6))

    def dies(example, answer):
        if next(calls) == 30:
            raise Killed
        return float(answer == example.gold)

    with FakeServer(fickle) as server:
        with pytest.raises(Killed):
            optimizer(server, metric=dies, concurrency=1).compile(DATA.train, DATA.validation)
        server.wait_until(lambda s: s.in_flight == 0)
        killed_at = len(server.requests)
        prepared = optimizer(server, metric=dies, concurrency=1).compile(DATA.train, DATA.validation)
        sent = bodies(server)

    assert 8 < killed_at < len(sent)
    assert len(sent) - len(set(sent)) <= 1  # the one under way when it died
    assert prepared.info.sessions == 2


def test_a_budget_is_kept_to():
    """No more calls than it says, and the program is the best that was complete."""
    with FakeServer(fickle) as server:
        prepared = optimizer(server, budget=Budget(calls=VALIDATION)).compile(DATA.train, DATA.validation)

        assert len(server.requests) == VALIDATION
    assert prepared.info.stopped == "8 calls"


def test_a_budget_in_dollars_needs_a_price():
    """An unknown price is an error, a known one is counted."""
    with FakeServer(fickle) as server:
        with pytest.raises(ConfigError, match="'fake' has no price"):
            optimizer(server, budget=Budget(usd=1)).compile(DATA.train, DATA.validation)
        prepared = optimizer(server, budget=Budget(usd=1), prices=PRICES).compile(DATA.train, DATA.validation)

    assert prepared.info.usd == pytest.approx(prepared.info.usage.total_tokens / 1e6)


def test_a_budget_in_dollars_needs_a_server_that_counts_tokens():
    """It would never be spent. So the first answers without counts end the compilation, and say how it can be bound."""
    with FakeServer(fickle, lacks={"usage"}) as server:
        with pytest.raises(
            ProgramError, match=r"budget is in US dollars, .* 'fake' does not report .* calls or minutes"
        ):
            optimizer(server, budget=Budget(usd=10**6), prices=PRICES).compile(DATA.train, DATA.validation)

        assert len(server.requests) <= 4  # as many as were sent at once


def test_what_a_compilation_took_is_not_known_where_nobody_counted():
    """Without a budget of tokens it may take what it takes, and says that it does not know how much."""
    with FakeServer(fickle, lacks={"usage"}) as server:
        prepared = optimizer(server, prices=PRICES).compile(DATA.train, DATA.validation)

    assert (prepared.info.usage.total_tokens, prepared.info.usd) == (None, None)
    assert prepared.info.calls > 0


def test_a_teacher_is_asked_for_demonstrations_and_named():
    """Training questions go to the teacher, validation questions to the model."""
    with FakeServer(fickle) as server, FakeServer(fickle, name="wise") as wise:
        teacher = programs.make_lm(wise.base_url, wise.name, None, max_tokens=50)
        prepared = optimizer(server, teacher=teacher).compile(DATA.train, DATA.validation)

        assert all(f"train {i}" not in request.question for request in server.requests for i in range(16))
        assert all("train" in request.messages[-1]["content"] for request in wise.requests)
        assert wise.requests
    assert prepared.info.teacher == "wise"


def named(field):
    """A field as a part of a test's name, which has to be the same in every process."""
    name, value = field
    return f"{name}={type(value).__name__ if repr(value).startswith('<') else repr(value)}"


@pytest.mark.parametrize(
    "fields, says",
    [
        ({"name": "magic"}, "no approach 'magic'; there are zero_shot"),
        ({"task": "gsm9k"}, "no task 'gsm9k'"),
        ({"concurrency": 30_000_000}, "concurrency of 30000000 cannot be; give 1 to 4096"),
        ({"concurrency": "a"}, "concurrency of 'a' cannot be; give 1 to 4096"),
        ({"budget": 5}, r"budget cannot be 5; give a dspysota\.Budget, such as Budget\(calls=500\)"),
        ({"budget": 0}, "budget cannot be 0; give a"),
        ({"prices": {"fake": 3}}, r"prices cannot be \{'fake': 3\}; give a"),
        ({"adapter": "wrong"}, "adapter cannot be 'wrong'; give one of plain, chat, json, xml, completion, structured"),
        ({"adapter": dspy.ChatAdapter()}, "adapter cannot be .*; give one of plain, chat"),
        ({"adapter": None}, "adapter cannot be None; give one of"),
        ({"seed": "x"}, "seed cannot be 'x'; give a whole number"),
        ({"seed": True}, "seed cannot be True"),
        ({"context_length": -5}, "context_length cannot be -5; give a number of tokens, 1 or more"),
        ({"context_length": "2k"}, "context_length cannot be '2k'"),
        ({"metric": "f1"}, r"metric cannot be 'f1'; give a function of \(example, answer\)"),
        ({"metric_version": 2}, "metric_version cannot be 2; give a text"),
        ({"max_rounds": {1}}, r"setting max_rounds cannot be \{1\}; give a value that JSON can hold"),
        ({"lm": dspy.LM("openai/x")}, "The model is a LM; give one of dspysota.programs.make_lm"),
        ({"teacher": "gpt"}, "The model is a str"),
    ],
    ids=lambda value: " ".join(map(named, value.items())) if isinstance(value, dict) else "",
)
def test_what_cannot_work_is_refused_at_once(fields, says):
    """Before anything is compiled, in one sentence with the valid names or the cure."""
    with FakeServer(fickle) as server, pytest.raises(ConfigError, match=says):
        optimizer(server, **fields)


@pytest.mark.parametrize(
    "bounds, says",
    [
        ({"calls": 0}, "A budget's calls cannot be 0; give a whole number of 1 or more, or None for no bound."),
        ({"tokens": "many"}, "A budget's tokens cannot be 'many'; give a whole number"),
        ({"usd": math.inf}, "A budget's usd cannot be inf; give a finite number above 0"),
        ({"usd": math.nan}, "A budget's usd cannot be nan; give a finite number above 0"),
        ({"minutes": -1}, "A budget's minutes cannot be -1; give a finite number above 0"),
        ({"foo": 1}, "A budget has no 'foo'; bound it by calls, tokens, usd, minutes."),
    ],
)
def test_a_budget_that_makes_no_sense_is_one_sentence(bounds, says):
    """Also where it is made on its own."""
    with pytest.raises(ConfigError) as told:
        Budget(**bounds)
    assert str(told.value).startswith(says)
    assert len(str(told.value).splitlines()) == 1


def test_bad_rows_are_refused():
    """None at all, none to choose by, and such as are in both."""
    with FakeServer(fickle) as server:
        with pytest.raises(ConfigError, match="no training rows"):
            optimizer(server).compile([])
        with pytest.raises(ProgramError, match="no validation rows"):
            optimizer(server).compile(DATA.train)
        with pytest.raises(DataError, match="overlap"):
            optimizer(server).compile(DATA.train, rows("train", 3))

        assert not server.requests


def test_an_unknown_setting_is_named():
    """Settings are the approach's own."""
    with FakeServer(fickle) as server, pytest.raises(ConfigError, match="no setting 'candidates' here"):
        optimizer(server, candidates=3).compile(DATA.train, DATA.validation)


def test_a_dead_server_is_told():
    """As in an experiment."""
    with FakeServer("4", faults={"": Fault("error", 400)}) as server:
        with pytest.raises(ProgramError, match="gave up"):
            optimizer(server).compile(DATA.train, DATA.validation)
