"""Ensembles: the best different programs of a search, and their vote."""

import pytest

from dspysota import programs, tasks
from dspysota.approaches import ensemble
from dspysota.compiling import saved
from dspysota.errors import ProgramError
from dspysota.programs.ensemble import Ensemble
from dspysota.records import Example
from dspysota.testing import FakeServer
from tests.approaches.asking import fickle, prepare, solved


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """An empty cache of the test's own."""
    monkeypatch.setenv("DSPYSOTA_HOME", str(tmp_path))


def test_an_ensemble_has_the_best_different_programs():
    """Members differ, stand in the order of their scores, and ask their own demonstrations."""
    with FakeServer(fickle) as server:
        prepared = prepare(server, "ensemble", settings={"members": 4})
        states = [saved.state_of(member) for member in prepared.module.members]
        scores = [solved(member, server) for member in prepared.module.members]
        winner = prepare(server, "random_search")

    assert len(set(states)) == len(states) == 4
    assert scores == sorted(scores, reverse=True)
    assert states[0] == saved.state_of(winner.module)


def test_an_ensemble_costs_no_more_than_its_search():
    """Its votes on the validation rows are known: the same calls as `random_search`."""
    with FakeServer(fickle) as server:
        ensemble, search = prepare(server, "ensemble"), prepare(server, "random_search")

    assert ensemble.info.calls == search.info.calls


def test_fewer_different_programs_than_wanted_are_said():
    """Where candidates are alike, the ensemble is smaller, and a note says so."""
    with FakeServer(lambda m: f"#### {m[-1]['content'].split(':')[0].split()[-1]}") as server:
        prepared = prepare(server, "ensemble", settings={"num_candidate_programs": 0})

    assert len(prepared.module.members) == 2
    assert "Only 2 of 3 members" in prepared.info.notes[0]


def votes(answers):
    """Return what an ensemble of three makes of its members' answers."""
    said = iter(answers)
    with FakeServer(lambda messages: next(said)) as server:
        members = [programs.create("gsm8k", "direct") for _ in range(3)]
        lm = programs.make_lm(server.base_url, server.name, None, max_tokens=50, retries=0)
        solve = programs.make_solver(Ensemble(members, tasks.get("gsm8k").normal_form), lm, "plain")
        return solve(Example(id="x", inputs={"question": "How many?"}, gold="1"))


@pytest.mark.parametrize(
    "answers, wins",
    [
        (["#### 1", "#### 2", "#### 2"], "2"),
        (["#### 1", "#### 2", "#### 3"], "1"),  # the better member
        (["", "#### 2", "#### 3"], "2"),  # a lost vote
        (["#### 1,000", "#### 7", "#### 1000.0"], "1,000"),  # one number in two spellings
        (["", "", ""], None),
    ],
)
def test_the_majority_wins_and_of_equal_counts_the_better_member(answers, wins):
    """Answers are counted by their normal form; one that cannot be read does not vote."""
    answer = votes(answers)

    assert answer.prediction == wins
    assert len(answer.calls) == 3


def test_a_stored_ensemble_without_members_is_refused():
    """A state of another program is one sentence, not a traceback."""
    for state in ("{}", "[]", "{", "3", saved.state_of(programs.create("gsm8k", "cot"))):
        with pytest.raises(ProgramError, match="no members"):
            ensemble.blank("gsm8k", lambda: programs.create("gsm8k", "cot"), state)
