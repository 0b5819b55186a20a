import pytest

from dspysota import tasks
from dspysota.errors import ConfigError, DataError
from dspysota.records import Example
from dspysota.tasks import DataSource
from tests.tasks.rows import hotpotqa_row

NAMES = tasks.names()


def load(name, folder, seed=0):
    return tasks.get(name).load(DataSource(directory=folder, announce=lambda line: None), seed=seed)


def test_a_task_is_found_by_the_name_of_its_file():
    """Nothing lists the tasks: each is a module of `dspysota.tasks`, and other modules are no tasks."""
    assert NAMES == ("gsm8k", "hotpotqa")
    assert [tasks.get(name).name for name in NAMES] == list(NAMES)


@pytest.mark.parametrize("name", ["gsm8", "splits", "base", "twins", "../gsm8k", "gsm8k.x", "os", ""])
def test_an_unknown_task_names_the_valid_ones(name):
    """The error quotes what was asked for and lists what there is."""
    with pytest.raises(ConfigError, match="valid are gsm8k, hotpotqa") as error:
        tasks.get(name)

    assert repr(name) in str(error.value)


def test_a_near_miss_is_suggested():
    """A misspelt name gets the one that was meant."""
    with pytest.raises(ConfigError, match="Did you mean 'hotpotqa'"):
        tasks.get("HotPotQ")


@pytest.mark.parametrize(
    "name, answers, form",
    [
        ("gsm8k", ["18", "$18.00", "18 eggs", "9 * 2 = 18", "1.8e1"], "18"),
        ("gsm8k", ["0", "-0", "0.00"], "0"),
        ("gsm8k", ["-1,000", "-1000"], "-1000"),
        ("gsm8k", ["", "none", "3/4", "10:30"], None),
        ("hotpotqa", ["The Eiffel Tower", "eiffel tower.", " Eiffel  Tower"], "eiffel tower"),
        ("hotpotqa", ["", "the", " ?"], None),
    ],
)
def test_answers_that_are_scored_alike_have_one_normal_form(name, answers, form):
    """A vote counts what the task's own metric takes for the same; what it takes for nothing is no answer."""
    assert {tasks.get(name).normal_form(answer) for answer in answers} == {form}


def test_no_two_numbers_have_the_same_normal_form():
    """However long a number is, its last digit counts; however large, its form is short."""
    normal = tasks.get("gsm8k").normal_form
    long = "1" * 63

    assert normal(long + "1") != normal(long + "2")
    assert len(str(normal("1e9999"))) < 10


@pytest.mark.parametrize("name", NAMES)
def test_every_gold_answer_may_be_voted_for(name, write):
    """No gold answer is without a normal form."""
    task = tasks.get(name)

    assert all(task.normal_form(row.gold) for row in load(name, write()).splits.test)


@pytest.mark.parametrize("name", NAMES)
def test_a_task_is_consistent_in_itself(name):
    """The primary metric and every friendly name are among the metrics that are scored."""
    task = tasks.get(name)

    assert task.primary in task.metrics
    assert set(task.thresholds.values()) <= set(task.metrics)
    assert task.max_tokens > 0


@pytest.mark.parametrize("name", NAMES)
def test_gold_answers_score_1_and_empty_ones_0(name, write):
    """Every metric of every row gives the gold answer full marks and no answer, however empty, none."""
    task = tasks.get(name)

    for _, rows in load(name, write()).splits.items():
        for row in rows:
            output, details = task.perfect(row)
            assert set(task.score(row, row.gold, output, details).values()) == {1.0}
            for empty in (None, "", " \n"):
                assert set(task.score(row, empty, "", {}).values()) == {0.0}
            assert tuple(task.score(row, None, "")) == task.metrics


def test_a_row_that_its_own_task_cannot_score_is_refused():
    """A gold answer that the official rules reduce to nothing could never be right; it is named before any run."""
    inputs = {"question": "Which band?", "paragraphs": []}
    row = Example(id="band", inputs=inputs, gold="The A", extra={"supporting_facts": [["A", 0]]})

    with pytest.raises(DataError, match="'band' gives its gold answer 'The A' a f1 of 0, not 1"):
        tasks.get("hotpotqa").validate([row])


def test_a_rare_unscorable_test_row_is_left_out_and_named(write):
    """One in a hundred may be: the rest is scored, and the line says which row is missing. More are an error."""
    lines: list[str] = []
    rows = [hotpotqa_row(n) for n in range(101, 201)]
    rows[7] = hotpotqa_row(108, answer="The A")

    data = tasks.get("hotpotqa").load(DataSource(directory=write(hotpotqa_dev=rows), announce=lines.append), seed=0)

    assert {row.id for row in data.take(None)} == {row["_id"] for row in rows} - {"row108"}
    assert lines[1:] == ["hotpotqa: left out, as no answer could be right: row108"]
    with pytest.raises(DataError, match="'row108' gives its gold answer 'The A' a f1 of 0"):
        load("hotpotqa", write(hotpotqa_dev=rows[:20]))


def test_gsm8k_examples_carry_number_and_worked_solution(write):
    """The gold answer has no commas; the solution has no calculator marks and no answer line."""
    answer = "10*120=<<10*120=1200>>1,200 pears\nThat is all.\n#### 1,200"
    folder = write(gsm8k_test=[{"question": "How many?", "answer": answer}])

    (row,) = load("gsm8k", folder).take(None)

    assert row.id == "gsm8k-test-0001"
    assert row.inputs == {"question": "How many?"}
    assert row.gold == "1200"
    assert row.extra == {"solution": "10*120=1,200 pears\nThat is all."}


def test_gsm8k_scores_the_prediction_and_the_raw_output_apart(write):
    """Our metric reads the parsed prediction, the harness's two read what the model really wrote."""
    row = load("gsm8k", write()).take(1)[0]

    def scores(prediction, output):
        return list(tasks.get("gsm8k").score(row, prediction, output).values())

    assert scores(f"{row.gold}.00", f"#### {row.gold}") == [1, 1, 1]
    assert scores(row.gold, f"It is {row.gold} pears") == [1, 0, 1]
    assert scores(None, f"#### {row.gold}\nor 7") == [0, 1, 0]


def test_hotpotqa_scores_facts_and_retrieval_from_the_details(write):
    """Answer, supporting facts and retrieved paragraphs are scored apart, and jointly as the official script does."""
    row = load("hotpotqa", write()).take(1)[0]
    first, _ = row.extra["supporting_facts"]
    details = {"supporting_facts": [first], "retrieved": [first[0], "Elsewhere"]}

    scores = tasks.get("hotpotqa").score(row, row.gold, "", details)

    assert scores["em"] == scores["f1"] == 1.0
    assert scores["sp_em"] == scores["joint_em"] == 0.0
    assert scores["sp_f1"] == scores["joint_f1"] == pytest.approx(2 / 3)
    assert scores["supporting_recall"] == 0.5
    assert tasks.get("hotpotqa").score(row, row.gold, "")["joint_f1"] == 0.0


@pytest.mark.parametrize("nonsense", [None, 3, "text", {"a": 1}, [1, None, []], [["t"]], [["t", "0"]], [[[], {}]]])
def test_hotpotqa_takes_any_nonsense_from_a_program(nonsense, write):
    """Details are made from model output; what is not a fact or a title earns nothing."""
    row = load("hotpotqa", write()).take(1)[0]

    scores = tasks.get("hotpotqa").score(row, row.gold, "", {"supporting_facts": nonsense, "retrieved": nonsense})

    assert (scores["f1"], scores["sp_f1"], scores["supporting_recall"]) == (1.0, 0.0, 0.0)


@pytest.mark.parametrize("wrong", [["t"], ["t", "0"], ["t", 0, 0], [], "t0", ["t", None]])
def test_hotpotqa_counts_a_malformed_fact_as_a_wrong_one(wrong, write):
    """As the official script does: it costs precision, once however often it is claimed, and is not left out."""
    row = load("hotpotqa", write()).take(1)[0]
    gold = row.extra["supporting_facts"]

    scores = tasks.get("hotpotqa").score(row, row.gold, "", {"supporting_facts": [*gold, wrong, wrong]})

    precision = len(gold) / (len(gold) + 1)
    assert (scores["sp_em"], scores["joint_em"]) == (0.0, 0.0)
    assert scores["sp_f1"] == scores["joint_f1"] == pytest.approx(2 * precision / (precision + 1))


def test_hotpotqa_knows_whether_retrieval_was_complete(write):
    """True with all supporting paragraphs, False with one missing, None where nothing was retrieved at all."""
    task = tasks.get("hotpotqa")
    row = load("hotpotqa", write()).take(1)[0]
    titles = [title for title, _ in row.extra["supporting_facts"]]

    assert task.complete(row, {"retrieved": [*titles, "Pond"]}) is True
    assert task.complete(row, {"retrieved": titles[:1]}) is False
    assert task.complete(row, {}) is None
    assert tasks.get("gsm8k").complete(row, {"retrieved": []}) is None
