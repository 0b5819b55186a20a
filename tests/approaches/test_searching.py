"""The approaches that search: what they find, what they may spend, and how they go on after a kill."""

import json

import dspy
import pytest

from dspysota import programs
from dspysota.compiling import saved
from dspysota.errors import ConfigError, ProgramError
from dspysota.records import Budget, Example
from dspysota.tasks import Splits
from dspysota.testing import FakeServer, Fault
from tests.approaches.asking import DATA, TRAIN, VALIDATION, bodies, fickle, prepare, rows, shown


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
    assert prepared.info.candidates == 8 + 3
    assert {phase.name for phase in prepared.info.phases} == {"bootstrapping", "scoring"}
    assert sum(phase.calls for phase in prepared.info.phases) == asked


def solved(module, server):
    """How many validation rows a program answers rightly."""
    lm = programs.make_lm(server.base_url, server.name, None, max_tokens=50)
    solve = programs.make_solver(module, lm, "plain")
    return sum(solve(row).prediction == row.gold for row in DATA.validation)


@pytest.mark.parametrize("change", [{"num_candidate_programs": 2}, {"max_bootstrapped_demos": 1}])
def test_settings_are_heeded(change):
    """A profile's settings reach the search, and are part of the program's key."""
    with FakeServer(fickle) as server:
        prepare(server, "random_search")
        other = prepare(server, "random_search", settings=change)

    assert not other.info.reused
    if "num_candidate_programs" in change:
        assert other.info.candidates == 5
    else:
        assert len(shown(other)[0]) <= 1


@pytest.mark.parametrize(
    "name, settings, says",
    [
        ("random_search", {"candidates": 3}, "no setting 'candidates' here; there are max_bootstrapped_demos"),
        ("random_search", {"max_bootstrapped_demos": 0}, "max_bootstrapped_demos is 0; it has to be at least 1"),
        ("random_search", {"num_candidate_programs": -4}, "num_candidate_programs is -4; it has to be at least 0"),
        ("random_search", {"max_rounds": "two"}, 'max_rounds is "two"; it has to be like 1'),
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


class Killed(BaseException):
    """As Ctrl-C: nobody catches it on the way."""


class Deadly:
    """An engine that dies instead of sending its `after`th request."""

    def __init__(self, engine, after):
        self.engine = engine
        self.after = after
        self.sent = iter(range(10**9))

    def complete(self, request):
        if next(self.sent) >= self.after:
            raise Killed
        return self.engine.complete(request)

    def __deepcopy__(self, memo):
        return self


@pytest.mark.parametrize("after", [0, 1, 7, 20, 41])
@pytest.mark.parametrize("name", SEARCHES)
def test_a_killed_search_goes_on_and_pays_nothing_twice(home, name, after):
    """What was on the tape when it was killed is not asked again, and the result is that of an undisturbed search."""
    with FakeServer(fickle) as server:
        undisturbed = prepare(server, name, cache_key={"model": "another"})
    after = min(after, undisturbed.info.calls - 1)
    with FakeServer(fickle) as server:
        lm = programs.make_lm(server.base_url, server.name, None, max_tokens=50, retries=0)
        with pytest.raises(Killed):
            prepare(server, name, lm=lm.copy(engine=Deadly(lm.door, after)))
    (tape,) = (home / "tapes").glob("*.jsonl")
    known = {json.loads(line)["key"] for line in tape.read_text().splitlines()}
    with FakeServer(fickle) as server:
        again = prepare(server, name)

        assert len(server.requests) == undisturbed.info.calls - len(known)
    assert after - 3 <= len(known) <= after
    assert shown(again) == shown(undisturbed)
    assert again.info.calls == undisturbed.info.calls
    assert again.info.validation_score == undisturbed.info.validation_score


@pytest.mark.parametrize("name", ["random_search", "knn"])
def test_a_server_that_dies_on_the_way_spoils_nothing(name):
    """Failed requests are asked again the next time, the others not; what was found among failures is not kept."""
    dies = lambda number, question: Fault("error", 400) if number >= 20 else None  # noqa: E731
    calls = 20 if name == "random_search" else 12
    faults = dies if name == "random_search" else (lambda number, q: Fault("error", 400) if number >= 12 else None)
    with FakeServer(fickle, faults=faults) as server:
        prepare(server, name)
        answered = set(bodies(server)[:calls])
    with FakeServer(fickle) as server:
        again = prepare(server, name)

        assert not answered & set(bodies(server))
    assert not again.info.reused


def test_labels_are_shown_as_they_are():
    """`labeled` shows DSPy's sample of the rows, asks nothing, and says what the labels lack."""
    with FakeServer(fickle) as server:
        prepared = prepare(server, "labeled", settings={"k": 3})

        assert not server.requests
    examples = [dspy.Example(**row.inputs, answer=row.gold).with_inputs("question") for row in DATA.train]
    theirs = dspy.LabeledFewShot(k=3).compile(programs.create("gsm8k", "cot"), trainset=examples)

    assert shown(prepared) == [[demo.toDict() for demo in theirs.solve.predict.demos]]
    assert prepared.info.notes == (
        "The demonstrations of 'solve.predict' come from labelled rows, which have no reasoning.",
    )


def test_labels_of_a_program_that_does_not_reason_lack_nothing():
    """Without reasoning in the signature there is nothing to say, and four rows are shown by default."""
    with FakeServer(fickle) as server:
        prepared = prepare(server, "labeled", program_name="direct")

    assert len(shown(prepared)[0]) == 4
    assert prepared.info.notes == ()


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
        from dspysota import tasks
        from dspysota.programs.ensemble import Ensemble

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
    from dspysota.approaches import ensemble

    for state in ("{}", "[]", "{", "3", saved.state_of(programs.create("gsm8k", "cot"))):
        with pytest.raises(ProgramError, match="no members"):
            ensemble.blank("gsm8k", "cot", state)


def test_shared_rows_are_bootstrapped_by_the_teacher():
    """Rows are asked once each although many candidates want them, at most as many as there are."""
    with FakeServer(fickle) as server:
        prepare(server, "random_search")
        boot = [r for r in server.requests if r.question.startswith("train") or "\n\ntrain" in r.question]

    assert 0 < len(boot) <= TRAIN
    assert rows("train", TRAIN) == DATA.train
