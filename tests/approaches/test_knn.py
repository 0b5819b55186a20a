"""Demonstrations nearest to the question: the same as DSPy would bootstrap, found once, kept as JSON."""

import json
from concurrent.futures import ThreadPoolExecutor

import dspy
import numpy as np
import pytest

from dspysota import programs
from dspysota.compiling import saved
from dspysota.compiling.optimizing import quiet
from dspysota.errors import ProgramError
from dspysota.programs.nearest import ranked
from dspysota.records import Example
from dspysota.tasks import Splits
from dspysota.testing import FakeServer
from tests.approaches.asking import DATA, fickle, prepare

FRUIT = ("apples", "pears", "plums", "cherries", "figs")


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """An empty cache of the test's own."""
    monkeypatch.setenv("DSPYSOTA_HOME", str(tmp_path))


def question(i):
    return f"There are {i} {FRUIT[i % 5]} in the {FRUIT[i // 5 % 5]} basket {i}: how many?"


ROWS = tuple(Example(id=str(i), inputs={"question": question(i)}, gold=str(i)) for i in range(25))
SPLITS = Splits(train=ROWS, validation=(), test=())


def cot():
    return programs.create("gsm8k", "cot")


def counting(messages):
    """Right but for every third question."""
    n = int(messages[-1]["content"].split(":")[0].split()[-1])
    return f"They are {n}.\n#### {n if n % 3 else 'many'}"


def demos_of(module):
    return [[(demo["question"], demo["reasoning"]) for demo in p.demos] for p in module.predictors()]


def asked(server):
    """Return the questions that the last request showed, and the one it asked."""
    return [turn["content"].split("\n")[0] for turn in server.requests[-1].messages if turn["role"] == "user"]


def test_every_right_answer_is_in_the_pool():
    """All training rows are asked once; a note counts the right ones, and where the rest went."""
    with FakeServer(counting) as server:
        prepared = prepare(server, "knn", data=SPLITS)

        assert len(server.requests) == 25
    (pool,) = demos_of(prepared.module)
    assert [q for q, _ in pool] == [question(i) for i in range(25) if i % 3]
    assert prepared.info.notes == ("Found 16 of 25 demonstrations in 25 training questions.",)


def test_the_nearest_are_shown_and_the_nearest_of_all_stands_last():
    """A question about figs in the plum basket is shown figs and plums, most alike last, and no pool changes."""
    with FakeServer(counting) as server:
        prepared = prepare(server, "knn", data=SPLITS, settings={"k": 3})
        before = demos_of(prepared.module)
        ask(server, prepared.module, "There are 100 figs in the plums basket 100: how many?")
        *shown, _ = asked(server)

    assert len(shown) == 3
    assert shown[-1] == question(14)  # figs in the plums basket
    assert all("figs" in q or "plums" in q for q in shown)
    assert demos_of(prepared.module) == before


def ask(server, module, text, **settings):
    lm = programs.make_lm(server.base_url, server.name, None, max_tokens=50, retries=0)
    return programs.make_solver(module, lm, "plain")(Example(id="x", inputs={"question": text}, gold="1"))


@pytest.mark.parametrize("k", [1, 4, 30])
@pytest.mark.parametrize("program", ["cot", "direct"])
def test_from_the_same_neighbours_dspys_knn_bootstraps_the_same(k, program):
    """DSPy's KNNFewShot, given the right rows and our likeness, demonstrates exactly what ours does, nearest first."""
    right = [row for i, row in enumerate(ROWS) if i % 3]
    examples = [dspy.Example(**row.inputs, answer=row.gold).with_inputs("question") for row in right]
    texts = [row.question for row in right]
    wanted = "There are 100 pears in the figs basket 100: how many?"

    def likeness(some):
        """An embedding whose dot products order rows as BM25 does."""
        if len(some) > 1:
            return np.eye(len(some))
        order = [texts.index(text) for text in ranked(texts, wanted)]
        return np.array([[float(len(order) - order.index(i)) for i in range(len(texts))]])

    with FakeServer(counting) as server:
        ours = prepare(server, "knn", data=SPLITS, settings={"k": k}, program_name=program).module.shown(wanted)
        lm = programs.make_lm(server.base_url, server.name, None, max_tokens=50)
        settings = {"max_bootstrapped_demos": k, "max_labeled_demos": 0}
        knn = dspy.KNNFewShot(k, examples, dspy.Embedder(likeness), metric=lambda *_: True, **settings)
        with dspy.context(lm=lm, adapter=programs.make_adapter("plain")), quiet():
            knn.compile(programs.create("gsm8k", program))(question=wanted)
        theirs = [turn for turn in server.requests[-1].messages if turn["role"] == "user"][:-1]

    (shown,) = (predictor.demos for predictor in ours.predictors())
    assert [demo["question"] for demo in reversed(shown)] == [turn["content"].split("\n")[0] for turn in theirs]
    assert len(shown) == min(k, len(right))


def test_many_threads_ask_at_once():
    """64 questions at a time each see their own demonstrations, as one after the other."""
    with FakeServer(counting) as server:
        module = prepare(server, "knn", data=SPLITS, settings={"k": 2}).module
        texts = [f"There are {n} {FRUIT[n % 5]} in the {FRUIT[n % 3]} basket {n}: how many?" for n in range(100, 228)]

        def messages():
            return sorted(str(request.messages) for request in server.requests[-len(texts) :])

        for text in texts:
            ask(server, module, text)
        one_by_one = messages()
        with ThreadPoolExecutor(64) as pool:
            list(pool.map(lambda text: ask(server, module, text), texts))

        assert messages() == one_by_one


def test_the_program_is_json_and_loads_into_a_fresh_one():
    """State out, state in: k, room and pool are the same."""
    from dspysota.approaches import knn

    with FakeServer(counting) as server:
        module = prepare(server, "knn", data=SPLITS, settings={"k": 3}, context_length=2000).module
    state = saved.state_of(module)
    other = knn.blank("gsm8k", cot, state)
    saved.restore(other, state)

    assert saved.state_of(other) == state
    assert json.loads(state)["choice"] == {"k": 3, "room": 1950}
    assert demos_of(other.shown("pears?")) == demos_of(module.shown("pears?"))


@pytest.mark.parametrize("choice", [{"k": 0, "room": None}, {"k": 1, "room": "x"}, {}, 3])
def test_a_state_with_another_choice_is_refused(choice):
    """What is no choice of demonstrations does not load."""
    from dspysota.approaches import knn

    state = json.loads(saved.state_of(knn.blank("gsm8k", cot, "")))
    with pytest.raises(ProgramError, match="does not fit"):
        saved.restore(knn.blank("gsm8k", cot, ""), json.dumps({**state, "choice": choice}))


def test_what_does_not_fit_is_left_out_for_each_question_the_farthest_first():
    """With a short context fewer are shown, and the nearest stays."""

    def last_shown(context_length):
        with FakeServer(counting) as server:
            prepared = prepare(server, "knn", data=SPLITS, context_length=context_length)
            ask(server, prepared.module, "There are 100 figs in the plums basket 100: how many?")
            return asked(server)[:-1]

    everything, some = last_shown(None), last_shown(150)

    assert len(everything) == 4
    assert 0 < len(some) < 4
    assert everything[-len(some) :] == some


def test_each_step_of_a_program_shows_its_own_part_of_the_same_rows():
    """In the two-hop program, the query and the answer are demonstrated by the same questions."""
    titles = ["Lake Elm", "Lake Oak", "Lake Ash", "Lake Fir", "Lake Yew", "Lake Box"]
    rows = tuple(
        Example(
            id=str(i),
            inputs={"question": f"Where is {titles[i]}?", "paragraphs": [[t, [f"{t} is in Land."]] for t in titles]},
            gold="Land",
            extra={"supporting_facts": [[titles[i], 0]]},
        )
        for i in range(6)
    )
    answers = lambda messages: "Query: lake" if "query" in str(messages[0]) else "It says so.\nAnswer: Land"  # noqa: E731
    with FakeServer(answers) as server:
        prepared = prepare(
            server,
            "knn",
            data=Splits(train=rows, validation=(), test=()),
            settings={"k": 2},
            task_name="hotpotqa",
            program_name="two_hop",
            metric=lambda example, prediction, output: {"f1": float(prediction == example.gold)},
        )
    shown = prepared.module.shown("Where is Lake Yew?")
    query, answer = ([demo["question"] for demo in p.demos] for p in shown.predictors())

    assert query == answer
    assert query[-1] == "Where is Lake Yew?"
    assert len(query) == 2


def test_samples_of_the_program_vote_as_ever():
    """`cot+vote3` over it asks three times, each time with the question's own demonstrations."""
    with FakeServer(counting) as server:
        prepared = prepare(server, "knn", data=SPLITS, program_name="cot+vote3", settings={"k": 2})
        before = len(server.requests)
        answer = ask(server, prepared.module, "There are 100 figs in the figs basket 100: how many?")

        assert len(server.requests) - before == 3
        assert len(asked(server)) == 3
    assert answer.prediction == "100"


def test_rows_with_fickle_answers_keep_only_the_right_ones():
    """The pool holds no wrong answer."""
    with FakeServer(fickle) as server:
        prepared = prepare(server, "knn")
    (pool,) = (predictor.demos for predictor in prepared.module.predictors())
    gold = {row.question: row.gold for row in DATA.train}

    assert all(demo["answer"] == gold[demo["question"]] for demo in pool)
