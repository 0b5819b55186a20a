"""DSPy's optimizers, through the public door: what they find, what they may spend, and what a kill costs."""

import re
from collections import Counter

import pytest

from dspysota import programs, tasks
from dspysota.errors import ProgramError
from dspysota.programs.signatures.gsm8k import Solve
from dspysota.testing import FakeServer, Fault
from tests.approaches.optimizing import OPTIMIZERS, ROWS, WORD, Killed, asked, make_lm, model, prepare

APART = {"model": "kept apart"}
"""A cache key under which a program is not the one that the test goes on to prepare."""

PROGRAMS = (("gsm8k", "cot"), ("hotpotqa", "read"), ("hotpotqa", "two_hop"))


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """An empty cache of the test's own."""
    monkeypatch.setenv("DSPYSOTA_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def measured(server, prepared, task="gsm8k", rows=(6, 10)):
    """Return the mean score on the rows by which the program was chosen, asked as the evaluation asks."""
    solve, about = programs.make_solver(prepared.module, make_lm(server), "plain"), tasks.get(task)
    scores = [
        about.score(row, (answer := solve(row)).prediction, answer.calls[-1].output)[about.primary]
        for row in ROWS[task](rows[1])[rows[0] :]
    ]
    return sum(scores) / len(scores)


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("task, program", PROGRAMS)
def test_a_search_finds_something_better_and_finds_it_again(name, task, program):
    """Better than the start, with the score that it says, and from scratch the same requests and the same program."""
    with FakeServer(model) as server:
        first = prepare(server, name, task=task, program=program)
        requests = asked(server)
        start = prepare(server, "zero_shot", task=task, program=program)
        before, after = measured(server, start, task), measured(server, first, task)
    with FakeServer(model) as server:
        second = prepare(server, name, task=task, program=program, cache_key=APART)

        assert asked(server) == requests
    assert max(Counter(requests).values()) == 1
    assert second.info.program_digest == first.info.program_digest
    assert before < after == first.info.validation_score
    assert first.info.validation_rows == 4
    assert first.info.candidates >= 1
    assert first.info.calls == len(requests)
    assert first.info.stopped is None


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("alive", [1, 9, -1])
def test_a_killed_search_goes_on_where_it_was(name, alive):
    """Killed with its first, its tenth or its last request, and started again: nothing answered is asked twice."""
    with FakeServer(model) as server:
        whole = prepare(server, name, concurrency=1, cache_key=APART)
        requests = asked(server)
    with FakeServer(model) as server:
        dying = make_lm(server, alive if alive > 0 else len(requests) - 1)
        with pytest.raises(Killed):
            prepare(server, name, concurrency=1, lm=dying)
        paid = len(server.requests)
        again = prepare(server, name, concurrency=1)

        assert 0 < paid < len(requests)
        assert asked(server) == requests
    assert again.info.program_digest == whole.info.program_digest
    assert again.info.sessions == 2
    assert again.info.calls == len(requests)


@pytest.mark.parametrize("name", [name for name in OPTIMIZERS if name != "infer_rules"])
def test_a_kill_among_many_requests_costs_those_under_way(name):
    """Of four requests at once, at most three are answered after the one that died, and asked again."""
    with FakeServer(model) as server:
        whole = prepare(server, name, cache_key=APART)
        requests = asked(server)
    with FakeServer(model) as server:
        with pytest.raises(Killed):
            prepare(server, name, lm=make_lm(server, len(requests) // 2))
        again = prepare(server, name)
        server.wait_until(lambda s: s.in_flight == 0)

        assert set(asked(server)) == set(requests)
        assert len(server.requests) <= len(requests) + 3
    assert again.info.program_digest == whole.info.program_digest


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_spent_budget_leaves_the_best_that_was_scored(name):
    """Not one request more than allowed; what was scored in full by then is chosen from; with more, it goes on."""
    with FakeServer(model) as server:
        whole = prepare(server, name, concurrency=1, cache_key=APART)
        total = len(server.requests)
    with FakeServer(model) as server:
        short = prepare(server, name, concurrency=1, budget={"calls": total - 1})
        spent = len(server.requests)
        enough = prepare(server, name, concurrency=1, budget={"calls": total})

        assert (spent, len(server.requests)) == (total - 1, total)
        assert measured(server, short) == short.info.validation_score
    assert short.info.stopped == f"{total - 1} calls"
    assert short.info.calls == total - 1
    assert 1 <= short.info.candidates <= whole.info.candidates
    assert enough.info.stopped is None
    assert enough.info.program_digest == whole.info.program_digest


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_budget_that_scores_nothing_is_an_error_with_a_cure(name):
    """With nothing scored in full there is nothing to choose: the error says which bound, and to raise it."""
    with FakeServer(model) as server:
        with pytest.raises(ProgramError, match=r"budget of 3 calls was spent before .* all 4 .*; give it more"):
            prepare(server, name, budget={"calls": 3})

        assert len(server.requests) == 3


@pytest.mark.parametrize("name", ["copro", "mipro"])
def test_proposals_from_the_same_words_differ_in_their_seed(name):
    """Whoever asks the same thing several times asks for several answers, at a temperature above zero."""
    with FakeServer(model) as server:
        prepare(server, name)
    proposing = [request for request in server.requests if request.body["temperature"] > 0]
    words = Counter(repr(request.messages) for request in proposing)

    assert max(words.values()) > 1
    assert len({(repr(request.messages), request.body["seed"]) for request in proposing}) == len(proposing)
    assert len({request.body["seed"] for request in proposing}) > 2


def test_a_score_on_as_many_training_rows_is_no_validation_score():
    """GEPA tries candidates on three training rows first; with three validation rows the two are not confused."""

    def limited(chat):
        return model(chat).replace("#### 8", "#### 80")

    with FakeServer(limited) as server:
        prepared = prepare(server, "gepa", validation=3)

    assert prepared.info.candidates == 2
    assert prepared.info.validation_score == pytest.approx(2 / 3)


def test_simba_samples_the_same_question_at_several_seeds():
    """Its rollouts differ on the wire although the seed is fixed."""
    with FakeServer(model) as server:
        prepare(server, "simba", settings={"num_candidates": 3})
    seeds = {request.body["seed"] for request in server.requests if request.body["temperature"] == 1.0}

    assert len(seeds) == 2  # the teacher comes first, at temperature 0


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_model_that_is_never_right_is_an_error(name):
    """The first of many zeros is no choice."""
    with FakeServer("#### 999") as server, pytest.raises(ProgramError, match=r"None of \d+ programs got any of 4"):
        prepare(server, name)


@pytest.mark.parametrize("name", [*OPTIMIZERS, "knn"])
def test_a_server_that_answers_nothing_is_given_up(name):
    """Ten failures in a row, and those under way, are enough, and COPRO's first request is; the server is quoted."""
    says = "failed with LMProviderError" if name == "copro" else "gave up: every request so far failed"
    with FakeServer(model, faults={"": Fault("error", 400)}) as server:
        with pytest.raises(ProgramError, match=rf"{says}.*scripted failure"):
            prepare(server, name, train=30, validation=30)

        assert len(server.requests) <= 10 + 3


def test_a_truncated_output_is_no_answer_while_searching_either():
    """In DSPy's threads, too, an output that was cut off before its answer line is not read by its last line."""

    def wordy(chat):
        return model(chat) if len(chat[-1]["content"]) > 400 else "so " * 49 + "\n" + "8 9 10 11 12 13"

    with FakeServer(wordy) as server, pytest.raises(ProgramError, match=r"None of .* \(\d+ of \d+ outputs could not"):
        prepare(server, "copro")


@pytest.mark.parametrize("name", ["copro", "mipro", "infer_rules"])
def test_an_optimizer_that_fails_says_at_what(name):
    """What the server said is quoted, also where DSPy only asserts that it was something else."""
    asking = ("instruction optimizer", "generate a new instruction", "extract a list")

    def too_long(number, question):
        return Fault("overflow") if any(words in question for words in asking) else None

    with FakeServer(model, faults=too_long) as server:
        with pytest.raises(ProgramError, match=r"failed with ContextWindowExceededError: .*maximum context length"):
            prepare(server, name)


def test_a_search_that_came_to_nothing_says_so():
    """GEPA goes on when every proposal fails, and returns what it started from: a note tells it from a success."""
    with FakeServer(model, faults={"write a new instruction": Fault("overflow")}) as server:
        failed = prepare(server, "gepa")
        start = prepare(server, "zero_shot")
        fine = prepare(server, "copro")

    assert failed.info.program_digest == start.info.program_digest
    assert failed.info.notes == ("Nothing better was found than the program that the search started from.",)
    assert fine.info.notes == ()


def test_rules_are_read_to_their_last_line():
    """A proposal ends where the next label begins, not at its first line."""

    def listing(chat):
        said = model(chat)
        return (
            f"I see.\n**Natural language rules:**\n1. Count.\n2. {said}\n\n3. Stop." if said.startswith("Go") else said
        )

    with FakeServer(listing) as server:
        (predictor,) = prepare(server, "infer_rules").module.predictors()

    assert "1. Count.\n2. Go carefully" in predictor.signature.instructions
    assert predictor.signature.instructions.endswith("3. Stop.")


def test_rules_stay_in_their_program():
    """InferRules writes into signatures; those that other programs are made from are not among them."""
    before = Solve.instructions
    with FakeServer(model) as server:
        prepared = prepare(server, "infer_rules", program="direct")

    assert WORD in prepared.module.predictors()[0].signature.instructions
    assert Solve.instructions == before
    assert programs.create("gsm8k", "direct").solve.signature.instructions == before


def test_the_best_rules_are_taken_and_not_the_last():
    """DSPy's InferRules gives every candidate the last one's rules; here the best one has its own."""
    said = iter([f"Go {WORD}.", "Go wild."])

    def moody(chat):
        return next(said) if model(chat).startswith("Go") else model(chat)

    with FakeServer(moody) as server:
        prepared = prepare(server, "infer_rules", settings={"max_bootstrapped_demos": 0})
    (predictor,) = prepared.module.predictors()

    assert predictor.signature.instructions.endswith(f"Go {WORD}.")
    assert prepared.info.validation_score == 1.0
    assert prepared.info.candidates == 3


def test_rules_that_do_harm_are_not_taken():
    """DSPy's InferRules returns the best of its rules, however bad; here they have to beat the program without any."""

    def confused(chat):
        rules = "adhere to the following rules" in chat[0]["content"]
        return "I cannot.\n#### 999" if rules else model(chat)

    with FakeServer(confused) as server:
        prepared = prepare(server, "infer_rules", settings={"max_bootstrapped_demos": 0})
        start = prepare(server, "zero_shot")

    assert prepared.info.program_digest == start.info.program_digest
    assert prepared.info.validation_score == 0.5  # of rows 6 to 9 the model gets 6 and 9 right by itself
    assert prepared.info.notes == ("Nothing better was found than the program that the search started from.",)


def test_what_is_shown_to_propose_fits_the_context():
    """With a short context fewer training rows are shown at once, instead of a request that is refused."""
    with FakeServer(model) as server:
        prepare(server, "infer_rules", context_length=800, train=30, settings={"max_bootstrapped_demos": 0})
    (rows,) = {r.question.count("Output Fields") for r in server.requests if "Output Fields" in r.question}

    assert 1 <= rows < 30


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizers_are_quiet(name, capfd):
    """Neither their prints, nor their logs, nor their progress bars reach the terminal."""
    with FakeServer(model) as server:
        prepare(server, name)

    assert capfd.readouterr() == ("", "")


def test_progress_is_told_while_they_are_quiet(capfd, monkeypatch):
    """What keeps an optimizer's bars off stderr does not keep our own progress off it."""
    monkeypatch.setattr("dspysota.compiling.progress.LINE_SECONDS", 0.0)
    with FakeServer(model) as server:
        prepare(server, "copro", progress=True)
    told = capfd.readouterr()
    first, *later = told.err.splitlines()

    assert told.out == ""
    assert first == "Compiling gsm8k cot"
    assert later[-1].endswith("3 programs scored, best 1.000")
    # How far it is, of how much, and what it did: COPRO proposes instructions and scores them.
    assert re.search(r"Compiling: \d+ of at most [\d,]+ calls \(proposing \d+, scoring \d+\), ", later[-1])
