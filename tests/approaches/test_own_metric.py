"""A metric of one's own that cannot be used: told as what it is, and at once."""

import math
from types import SimpleNamespace

import pytest

from dspysota import ConfigError, create_optimizer
from dspysota.errors import MetricError
from dspysota.testing import FakeServer
from tests.approaches.optimizing import OPTIMIZERS, gsm8k, make_lm, model

TRAIN, VALIDATION = gsm8k(16), gsm8k(8, first=16)


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """An empty cache of the test's own."""
    monkeypatch.setenv("DSPYSOTA_HOME", str(tmp_path))


def compiled(server, metric, name="bootstrap"):
    optimizer = create_optimizer(name, task="gsm8k", lm=make_lm(server), metric=metric, progress=False, concurrency=4)
    return optimizer.compile(TRAIN, VALIDATION)


def fails(example, answer):
    raise ZeroDivisionError("division\nby zero")


@pytest.mark.parametrize("name", [*OPTIMIZERS, "bootstrap", "random_search", "knn", "ensemble"])
def test_a_metric_that_fails_ends_the_compilation_whichever_optimizer_calls_it(name):
    """The error is the metric's, not the model's, and no more is paid than was under way."""
    with FakeServer(model) as server:
        with pytest.raises(
            MetricError, match=r"^The metric 'fails' failed with ZeroDivisionError: division by zero; .* in \[0, 1\]\.$"
        ) as told:
            compiled(server, fails, name)

        # MIPROv2's training rows are asked beforehand, all at once; COPRO proposes before it scores.
        assert len(server.requests) <= (len(TRAIN) if name in {"mipro", "copro"} else 2 * 4)
    assert isinstance(told.value.__cause__, ZeroDivisionError)
    assert isinstance(told.value, ConfigError)


@pytest.mark.parametrize(
    "value",
    ["exact", "1", None, math.nan, math.inf, 5, -0.1, 10**400, [1.0], 1j],
    ids=lambda value: repr(value)[:8],
)
def test_what_is_no_score_is_refused(value):
    """Neither text nor what is outside [0, 1] is taken for one."""

    def grade(example, answer):
        return value

    with FakeServer(model) as server:
        with pytest.raises(MetricError, match=r"The metric 'grade' returned .*; it has to return a score in \[0, 1\]"):
            compiled(server, grade)

        assert len(server.requests) <= 2 * 4


class Half:
    """A number of another library's."""

    def __float__(self):
        return 0.5


def test_truth_values_and_numbers_of_other_libraries_are_scores():
    """True is 1; what can be a float in [0, 1] is one."""

    def grade(example, answer):
        return Half() if int(example.gold) > 17 else answer == example.gold

    with FakeServer("#### 16") as server:
        found = compiled(server, grade, "random_search")
        bad = SimpleNamespace(__float__=lambda: 0.5)
        with pytest.raises(MetricError, match="The metric 'Bad' returned"):
            compiled(server, type("Bad", (), {"__call__": lambda self, example, answer: bad})())

    assert found.info.validation_score == (1 + 0 + 6 * 0.5) / 8


def test_what_was_paid_before_the_metric_failed_is_not_paid_again():
    """Once the metric is mended the compilation goes on."""
    with FakeServer(model) as server:
        with pytest.raises(MetricError):
            compiled(server, fails)
        before = len(server.requests)
        prepared = compiled(server, lambda example, answer: answer == example.gold)
        asked = [str(request.body) for request in server.requests]

    assert before > 0
    assert len(asked) == len(set(asked)) == prepared.info.calls
