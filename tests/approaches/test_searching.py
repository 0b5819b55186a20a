"""The approaches that search: what they find, what they may spend, and how they go on after a kill."""

import math

import pytest

from dspysota.errors import ConfigError, ProgramError
from dspysota.records import Budget
from dspysota.tasks import Splits
from dspysota.testing import FakeServer, Fault
from tests.approaches.asking import DATA, TRAIN, VALIDATION, bodies, fickle, prepare, shown, solved


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """An empty cache of the test's own."""
    monkeypatch.setenv("DSPYSOTA_HOME", str(tmp_path))
    return tmp_path


SEARCHES = ["random_search", "ensemble", "knn"]


@pytest.mark.parametrize("name", SEARCHES)
def test_what_was_found_is_kept_and_loaded(name):
    """The second time nothing is asked, and the program and its figures are the same."""
    with FakeServer(fickle) as server:
        first = prepare(server, name)
        asked = len(server.requests)
        second = prepare(server, name)

        assert len(server.requests) == asked == first.info.calls
    assert shown(first) == shown(second)
    assert any(shown(first))
    assert second.info == first.info.model_copy(update={"reused": True})


@pytest.mark.parametrize("name", SEARCHES)
def test_nothing_is_asked_twice(name):
    """Of all requests of a compilation, no two are the same."""
    with FakeServer(fickle) as server:
        prepare(server, name)

        assert len(set(bodies(server))) == len(server.requests)


def test_the_winner_scores_on_held_out_rows_what_it_is_said_to():
    """The validation score is the program's own, over all validation rows; candidates and phases are counted."""
    with FakeServer(fickle) as server:
        prepared = prepare(server, "random_search")
        asked = len(server.requests)
        right = solved(prepared.module, server)

    assert prepared.info.validation_score == right / VALIDATION > 0
    assert prepared.info.validation_rows == VALIDATION
    assert prepared.info.candidates == 8 + 2  # labels only, without labels, is zero-shot again
    assert {phase.name for phase in prepared.info.phases} == {"bootstrapping", "scoring"}
    assert sum(phase.calls for phase in prepared.info.phases) == asked


@pytest.mark.parametrize("change", [{"num_candidate_programs": 2}, {"max_bootstrapped_demos": 1}])
def test_settings_are_heeded(change):
    """A profile's settings reach the search, and are part of the program's key."""
    with FakeServer(fickle) as server:
        prepare(server, "random_search")
        other = prepare(server, "random_search", settings=change)

    assert not other.info.reused
    if "num_candidate_programs" in change:
        assert other.info.candidates == 4
    else:
        assert len(shown(other)[0]) <= 1


@pytest.mark.parametrize(
    "name, settings, says",
    [
        ("random_search", {"candidates": 3}, "no setting 'candidates' here; there are max_bootstrapped_demos"),
        ("random_search", {"max_bootstrapped_demos": 0}, "max_bootstrapped_demos is 0; it has to be at least 1"),
        ("random_search", {"num_candidate_programs": -4}, "num_candidate_programs is -4; it has to be at least 0"),
        ("random_search", {"max_rounds": "two"}, 'max_rounds is "two"; it has to be like 1'),
        ("random_search", {"metric_threshold": math.nan}, "metric_threshold is nan; it has to be a number like 1.0"),
        ("random_search", {"metric_threshold": 1.5}, "metric_threshold is 1.5; it has to be at most 1.0"),
        ("ensemble", {"metric_threshold": -0.5}, "metric_threshold is -0.5; it has to be at least 0.0"),
        ("bootstrap", {"max_labeled_demos": -2}, "max_labeled_demos is -2; it has to be at least 0"),
        ("bootstrap", {"max_bootstrapped_demos": 0}, "max_bootstrapped_demos is 0; it has to be at least 1"),
        ("bootstrap", {"max_rounds": 0}, "max_rounds is 0; it has to be at least 1"),
        ("ensemble", {"members": 1}, "members is 1; it has to be at least 2"),
        ("knn", {"k": 0}, "k is 0; it has to be at least 1"),
        ("labeled", {"k": True}, "k is true; it has to be like 4"),
    ],
)
def test_a_bad_setting_is_one_sentence(name, settings, says):
    """The setting, its value and what would do are named, and nothing is asked."""
    with FakeServer(fickle) as server:
        with pytest.raises(ConfigError, match=says):
            prepare(server, name, settings=settings)

        assert not server.requests


@pytest.mark.parametrize("name", ["random_search", "ensemble"])
def test_without_validation_rows_nothing_can_be_chosen(name):
    """The error says what is missing, before anything is asked."""
    with FakeServer(fickle) as server:
        with pytest.raises(ProgramError, match="no validation rows of gsm8k"):
            prepare(server, name, data=Splits(train=DATA.train, validation=(), test=()))

        assert not server.requests


@pytest.mark.parametrize("name", ["random_search", "ensemble"])
def test_a_dead_server_is_given_up(name):
    """When every request fails, the search ends early and quotes the server."""
    with FakeServer("4", faults={"": Fault("error", 400)}) as server:
        with pytest.raises(ProgramError, match=r"gave up: every request so far failed.*scripted failure"):
            prepare(server, name, settings={"num_candidate_programs": 30})

        assert len(server.requests) < 100


@pytest.mark.parametrize("name", SEARCHES)
def test_a_model_that_gets_nothing_right_is_an_error_with_a_cure(name):
    """The first of many zeros is no choice, and a pool of nothing no pool."""
    with FakeServer("#### 12345") as server, pytest.raises(ProgramError, match="larger model"):
        prepare(server, name)


def test_a_budget_for_the_program_as_it_is_leaves_that():
    """Zero-shot is scored first: calls for no more than it leave it, and say what stopped the search."""
    with FakeServer(fickle) as server:
        prepared = prepare(server, "random_search", budget=Budget(calls=VALIDATION))

        assert len(server.requests) == VALIDATION == prepared.info.calls
    assert shown(prepared) == [[]]
    assert prepared.info.stopped == "8 calls"
    assert prepared.info.validation_score is not None


@pytest.mark.parametrize("calls", [9, 17, 30, 45, 60])
@pytest.mark.parametrize("name", ["random_search", "ensemble"])
def test_a_budget_is_never_exceeded_and_the_best_of_what_was_complete_is_taken(name, calls):
    """Exactly as many requests as allowed are sent, and the program is one that was scored on all rows."""
    with FakeServer(fickle) as server:
        prepared = prepare(server, name, budget=Budget(calls=calls))

        assert len(server.requests) == calls == prepared.info.calls
        right = solved(prepared.module, server)
    assert prepared.info.stopped == f"{calls} calls"
    assert prepared.info.validation_score == right / VALIDATION


@pytest.mark.parametrize("name", ["random_search", "ensemble"])
def test_a_budget_that_completes_nothing_is_an_error_with_a_cure(name):
    """One call less than there are validation rows, and no program can be chosen."""
    with FakeServer(fickle) as server:
        with pytest.raises(ProgramError, match=r"budget of 7 calls was spent before any .* give it more"):
            prepare(server, name, budget=Budget(calls=VALIDATION - 1))

        assert len(server.requests) == VALIDATION - 1


def test_a_pool_is_as_large_as_the_budget_allows():
    """What was answered until then is the pool, and a note says so."""
    with FakeServer(fickle) as server:
        prepared = prepare(server, "knn", budget=Budget(calls=10))

        assert len(server.requests) == 10
    assert 0 < len(shown(prepared)[0]) < 10
    assert "the budget of 10 calls was spent" in prepared.info.notes[0]


def test_more_budget_goes_on_where_the_smaller_one_ended():
    """A search that is given more asks nothing again, and finds what it would have found at once."""
    with FakeServer(fickle) as server:
        prepare(server, "random_search", budget=Budget(calls=30))
        continued = prepare(server, "random_search", budget=Budget(calls=1000))
        distinct = len(set(bodies(server)))
        total = len(server.requests)
    with FakeServer(fickle) as server:
        at_once = prepare(server, "random_search", use_cache=False)

    assert total == distinct == continued.info.calls
    assert shown(continued) == shown(at_once)
    assert continued.info.sessions == 2


def test_candidates_are_cut_to_the_context_before_they_are_scored():
    """What is scored is what will be used: no request shows more than fits, and the winner says what it lost."""

    def most(**fields):
        with FakeServer(fickle) as server:
            prepared = prepare(server, "random_search", settings={"max_bootstrapped_demos": 8}, **fields)
            asked = [sum(turn["role"] == "assistant" for turn in request.messages) for request in server.requests]
        return max(asked), prepared

    uncut, _ = most()
    cut, prepared = most(context_length=150)

    assert 0 < cut < uncut
    assert any("would not fit into 150 tokens" in note for note in prepared.info.notes)


def test_training_rows_that_many_candidates_want_are_asked_once():
    """Without labels all candidates ask the same training questions: no more requests than there are rows."""
    with FakeServer(fickle) as server:
        prepared = prepare(server, "random_search")
    (bootstrapping,) = (phase.calls for phase in prepared.info.phases if phase.name == "bootstrapping")

    assert 0 < bootstrapping <= TRAIN
