"""The programs for HotpotQA: how often they ask, what they show, and what becomes of what nobody can read."""

import pytest

from dspysota import programs, tasks
from dspysota.approaches import bootstrap, few_shot
from dspysota.compiling.job import make_job
from dspysota.compiling.tape import Tape
from dspysota.loop.classify import judge
from dspysota.programs.retrieval import naming
from dspysota.programs.signatures.hotpotqa import BRIEF
from dspysota.records import Budget, Example, Failure
from dspysota.testing import FakeServer, Fault

TASK = tasks.get("hotpotqa")
PAINTER = Example(
    id="painter",
    inputs={
        "question": "In which town was the painter of The Amber Ferry born?",
        "paragraphs": [
            ["Brissel", ["Brissel is a city of bridges.", " It has a museum."]],
            ["The Amber Ferry", ["The Amber Ferry is a painting by Selka Orvand."]],
            ["Selka Orvand", ["Selka Orvand painted ships.", " She was born in Tarnholt."]],
            *([f"Kites {n}", [f"Kites of the year {n} fly."]] for n in range(1900, 1907)),
        ],
    },
    gold="Tarnholt",
    extra={"supporting_facts": [["The Amber Ferry", 0], ["Selka Orvand", 1]]},
)
EVERY = programs.names("hotpotqa")


def solve(server, program, adapter="plain"):
    lm = programs.make_lm(server.base_url, server.name, None, max_tokens=50, retries=0)
    return programs.make_solver(programs.create("hotpotqa", program), lm, adapter)(PAINTER)


def script(*outputs):
    """Answer the first request with the first output, and so on; the last one repeats."""
    left = list(outputs)
    return lambda chat: left.pop(0) if len(left) > 1 else left[0]


def judged(answer):
    return judge(PAINTER, answer, 1.0, score=TASK.score, primary=TASK.primary, complete=TASK.complete)


@pytest.mark.parametrize("program", EVERY)
@pytest.mark.parametrize("adapter", ["plain", "chat"])
def test_every_program_answers(program, adapter):
    """Whatever its steps, a model that answers right at once earns full marks, in at most three calls."""
    said = "She was born there.\nAnswer: Tarnholt"
    fields = "".join(f"[[ ## {name} ## ]]\n{said}\n" for name in ("query", "verdict", "step"))
    chat = f"[[ ## reasoning ## ]]\nHm.\n{fields}[[ ## answer ## ]]\nTarnholt\n[[ ## completed ## ]]"
    with FakeServer(said if adapter == "plain" else chat) as server:
        answer = solve(server, program, adapter)

    assert answer.prediction == "Tarnholt"
    assert judged(answer).scores["f1"] == 1.0
    assert 1 <= len(answer.calls) <= 3


def test_direct_asks_for_nothing_but_the_answer():
    """Its demonstrations are paragraphs, a question and an answer line, without the reasoning that others show."""
    module = few_shot.apply(_job("direct")).module
    with FakeServer("Answer: Tarnholt") as server:
        lm = programs.make_lm(server.base_url, server.name, None, max_tokens=50, retries=0)
        answer = programs.make_solver(module, lm, "plain")(PAINTER)
        (request,) = server.requests
    shown = [turn["content"] for turn in request.messages if turn["role"] == "assistant"]

    assert len(shown) == 4
    assert all(text.startswith("Answer: ") and "\n" not in text for text in shown)
    assert BRIEF.json_schema_extra["desc"] not in request.question
    assert "The Amber Ferry" in str(answer.details["retrieved"])


def test_closed_book_shows_the_question_alone():
    """No paragraph is shown, and none is said to be retrieved."""
    with FakeServer("Answer: Tarnholt") as server:
        answer = solve(server, "closed_book")
        (request,) = server.requests

    assert "Brissel" not in request.question
    assert PAINTER.question in request.question
    assert "retrieved" not in answer.details


def test_closed_book_has_no_retrieval_miss():
    """Who retrieves nothing can miss nothing: a wrong answer is wrong, and the metrics on paragraphs are 0."""
    with FakeServer("Answer: Brissel") as server:
        case = judged(solve(server, "closed_book"))

    assert case.failure is Failure.WRONG
    assert case.scores["supporting_recall"] == case.scores["sp_f1"] == case.scores["joint_f1"] == 0.0


@pytest.mark.parametrize("program", ["read", "react", "verify"])
def test_a_wrong_answer_without_its_paragraphs_is_a_retrieval_miss(program):
    """The same wrong answer is a retrieval miss where a supporting paragraph was not found, else just wrong."""
    hidden = PAINTER.model_copy(update={"extra": {"supporting_facts": [["Kites 1906", 0]]}})
    with FakeServer("Answer: Brissel") as server:
        answer = solve(server, program)
    missed = judge(hidden, answer, 1.0, score=TASK.score, primary=TASK.primary, complete=TASK.complete)

    assert judged(answer).failure is Failure.WRONG
    assert judged(answer).scores["supporting_recall"] == 1.0
    assert missed.failure is Failure.RETRIEVAL_MISS


@pytest.mark.parametrize(
    "verdict, prediction, check",
    [
        ("The paragraph says so.\nAnswer: Brissel", "Brissel", "kept"),
        ("She was born in Tarnholt.\n**Answer:** Tarnholt", "Tarnholt", "corrected"),
        ("The proposed answer is right.", "Brissel", "unreadable"),
        ("Answer:", "Brissel", "unreadable"),
        ('"Answer: ANSWER"\nAnswer: ANSWER', "Brissel", "unreadable"),
        ("", "Brissel", "unreadable"),
    ],
)
def test_a_check_corrects_only_what_it_says_plainly(verdict, prediction, check):
    """A line with an answer replaces the first answer; anything else leaves it, and the details say which it was."""
    with FakeServer(script("Hm.\nAnswer: Brissel", verdict)) as server:
        answer = solve(server, "verify")
        asked = server.requests[-1].question

    assert "Brissel" in asked
    assert "She was born in Tarnholt" in asked
    assert len(answer.calls) == 2
    assert answer.prediction == prediction
    assert answer.details["first_answer"] == "Brissel"
    assert answer.details["check"] == check


def test_a_check_that_a_server_fails_is_an_error():
    """What cannot be read is no trouble; what was not answered is."""
    with FakeServer("Answer: Tarnholt", faults={1: Fault("error")}) as server:
        answer = solve(server, "verify")

    assert answer.failure is Failure.SERVER_ERROR
    assert len(answer.calls) == 2


def test_react_searches_until_it_answers():
    """What a step searches is found and shown to the next one; an answer ends the question without a further call."""
    with FakeServer(script("Kites are missing.\nSearch: kites 1903", "Answer: Tarnholt")) as server:
        answer = solve(server, "react")
        first, second = (request.question for request in server.requests)

    assert answer.prediction == "Tarnholt"
    assert answer.details["searches"] == ["kites 1903"]
    assert answer.details["retrieved"][2] == "Kites 1903"
    assert "1903" not in first
    assert "1903" in second


def test_react_never_searches_more_than_three_times():
    """A model that only searches gets what it asked for, and then has to read."""
    searching = script("Search: kites 1903", "Search: kites 1905", "Search: kites 1906\nAnswer: Tarnholt")
    with FakeServer(searching) as server:
        answer = solve(server, "react")

    assert len(answer.calls) == 3
    assert answer.details["searches"] == ["kites 1903", "kites 1905"]
    assert len(answer.details["retrieved"]) == 6
    assert answer.prediction == "Tarnholt"


@pytest.mark.parametrize(
    "step", ["", "Search:", "I would look for the painter.", "Search: WORDS", "[[ ## step ## ]]", "\x00"]
)
def test_a_step_that_cannot_be_read_ends_the_search(step):
    """The paragraphs found so far are read then: two calls."""
    with FakeServer(script(step, "Answer: Tarnholt")) as server:
        answer = solve(server, "react")

    assert answer.prediction == "Tarnholt"
    assert answer.details["searches"] == []
    assert len(answer.calls) == 2


def test_the_first_act_counts():
    """A model that goes on to invent what its search would bring is held to the search."""
    with FakeServer(script("Search: kites 1903\nAnswer: Rome", "Answer: Tarnholt")) as server:
        answer = solve(server, "react")

    assert answer.details["searches"] == ["kites 1903"]
    assert answer.prediction == "Tarnholt"


@pytest.mark.parametrize("program", EVERY)
def test_hand_written_demonstrations_fit_every_predictor(program):
    """Every step is demonstrated with all of its inputs and outputs, and each demonstration can be read back."""
    module = few_shot.apply(_job(program)).module
    adapter = programs.make_adapter("plain")

    for _, predictor in module.named_predictors():
        assert len(predictor.demos) == 4
        for demo in predictor.demos:
            fields = predictor.signature.input_fields | predictor.signature.output_fields
            assert set(demo.keys()) == set(fields)
            assert all(demo.values())
            shown = adapter.format_assistant_message_content(predictor.signature, demo)
            assert adapter.parse(predictor.signature, shown).keys() == predictor.signature.output_fields.keys()


def test_steps_are_demonstrated_both_ways():
    """Who decides between two things is shown both: search and answer, a mistake and a right answer."""
    entries = few_shot.read("hotpotqa")
    steps = [demo["step"].splitlines()[-1] for demo in few_shot.apply(_job("react")).module.step.demos]
    checks = few_shot.apply(_job("verify")).module.check.demos

    assert [line.split(":")[0] for line in steps] == ["Search", "Answer", "Search", "Answer"]
    kept = [demo["verdict"].endswith(f"Answer: {demo['proposed']}") for demo in checks]
    assert kept == [False, True, False, True]
    assert all(entry["mistake"] != entry["answer"] for entry in entries)


@pytest.mark.parametrize("program", EVERY)
def test_every_program_can_be_bootstrapped(program):
    """The steps that a right answer went through become demonstrations of their predictors."""
    rows = tuple(PAINTER.model_copy(update={"id": str(n)}) for n in range(6))

    def says(chat):
        question = chat[-1]["content"]
        if "Search:" in chat[0]["content"] and "1903" not in question:
            return "Search: kites 1903"
        return "Query: kites" if "search query" in chat[0]["content"] else "Hm.\nAnswer: Tarnholt"

    with FakeServer(says) as server:
        lm = programs.make_lm(server.base_url, server.name, None, max_tokens=50)
        module = bootstrap.apply(_job(program, train=rows, lm=lm, concurrency=4)).module

    demonstrated = {name for name, predictor in module.named_predictors() if predictor.demos}
    # The search of `react` ends with an answer here, so nothing is ever read apart.
    assert demonstrated == {name for name, _ in module.named_predictors()} - (
        {"answer.predict"} if program == "react" else set()
    )


def test_a_program_that_retrieves_takes_any_retriever():
    """The list of those that do is kept apart from their classes; it must be true."""
    from dspysota.programs import hotpotqa
    from dspysota.programs.retrieval.corpus import Corpus

    for program in hotpotqa.RETRIEVING:
        retriever = programs.create("hotpotqa", f"{program}@pool", corpus=Corpus.of([PAINTER])).retriever
        assert len(retriever.corpus.paragraphs) == 10
    others = set(EVERY) - set(hotpotqa.RETRIEVING)
    assert all(not hasattr(programs.create("hotpotqa", program), "retriever") for program in others)


@pytest.mark.parametrize("program", ["read", "read@dense", "cot", "closed_book"])
def test_only_pooled_programs_have_a_corpus(program):
    """No paragraph is collected for a program that does not search among all."""
    assert naming.corpus(program, [PAINTER]) is None


def _job(program, **fields):
    nobody = programs.make_lm("http://127.0.0.1:9/v1", "nobody", None, max_tokens=50)
    values = {"train": (), "lm": nobody, "score": lambda example, prediction, output: float(prediction == example.gold)}
    tape = Tape(None, Budget(), concurrency=4)
    return make_job(task="hotpotqa", program=program, adapter_name="plain", tape=tape, **{**values, **fields})
