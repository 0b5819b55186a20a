"""Our scores beside those of the programs that define them; docs/metrics.md says how the expected ones were made."""

import re
from pathlib import Path

import pytest

from dspysota.metrics import gsm8k as numbers
from dspysota.metrics import hotpotqa as answers
from dspysota.records import Case, Example
from dspysota.tasks import gsm8k, hotpotqa
from dspysota.tasks.sources import RawRow
from scripts.agreement import fixture, official, stored

DOCUMENT = Path(__file__).parents[2] / "docs" / "metrics.md"
EXACT = 1e-12


@pytest.fixture(scope="module")
def outputs():
    """(kind, worked solution, output, scores) of every model output; the scores are lm-evaluation-harness's."""
    return fixture.read("gsm8k")[1]


@pytest.fixture(scope="module")
def pairs():
    """(prediction, gold, facts, gold facts, scores) of every pair; the scores are the official script's."""
    return fixture.read("hotpotqa")[1]


def overlaps(prediction, gold, facts, gold_facts):
    """The twelve numbers that the official script prints; what is missing scores 0, and then nothing is joint."""
    answer = answers.NOTHING if prediction is None else answers.answer(prediction, gold)
    support = answers.NOTHING if facts is None else answers.supporting(map(tuple, facts), map(tuple, gold_facts))
    joint = answers.NOTHING if prediction is None or facts is None else answers.joint(answer, support)
    return [*answer, *support, *joint]


def official_task_scores(row):
    """The scores of a row that the task reports too, by the task's names."""
    em, f1, _, _, sp_em, sp_f1, _, _, joint_em, joint_f1, _, _ = row[4]
    return {"em": em, "f1": f1, "sp_em": sp_em, "sp_f1": sp_f1, "joint_em": joint_em, "joint_f1": joint_f1}


def task_scores(prediction, gold, facts, gold_facts):
    """The same scores as the task gives them."""
    example = Example(id="1", inputs={"question": "?"}, gold=gold, extra={"supporting_facts": gold_facts})
    scores = hotpotqa.TASK.score(example, prediction, "", {} if facts is None else {"supporting_facts": facts})
    return {name: score for name, score in scores.items() if name != "supporting_recall"}


def test_the_outputs_are_enough_to_disagree_on(outputs):
    """At least 1,000 outputs, and of every filter hundreds that it calls right and hundreds that it calls wrong."""
    right = [sum(column) for column in zip(*(scores for *_, scores in outputs), strict=True)]

    assert len(outputs) >= 1000
    assert all(300 <= count <= len(outputs) - 300 for count in right[:2])


def test_strict_and_flexible_match_are_the_harness_s(outputs):
    """On every output, compared with the whole worked solution, as the harness's task gsm8k does."""
    differing = [
        (answer, output)
        for _, answer, output, (strict, flexible, *_) in outputs
        if (numbers.strict_match(output, answer), numbers.flexible_match(output, answer)) != (strict, flexible)
    ]

    assert differing == []


def test_the_task_scores_an_output_as_the_harness_does(outputs):
    """From a row as the data set has it to the scores of a case; gsm8k_cot's flexible filter gives the same score."""
    differing = []
    for _, answer, output, (strict, flexible, _, cot_flexible) in (row for row in outputs if row[0] == "styled"):
        example = gsm8k.TASK.example(RawRow("row", 1, {"question": "?", "answer": answer}), "test")
        scores = gsm8k.TASK.score(example, None, output)
        if (scores["strict_match"], scores["flexible_match"], flexible) != (strict, flexible, cot_flexible):
            differing.append((answer, output))

    assert differing == []


def test_the_pairs_are_enough_to_disagree_on(pairs):
    """At least 10,000 pairs, and of every number hundreds that are 0, 1 and (but for EM) in between."""
    columns = list(zip(*(row[4] for row in pairs), strict=True))

    assert len(pairs) >= 10_000
    for place, column in enumerate(columns):
        between = sum(0 < score < 1 for score in column)
        assert min(column.count(0), column.count(1)) >= 300
        assert between >= 300 if place % 4 else between == 0


def test_answer_facts_and_joint_scores_are_the_official_script_s(pairs):
    """EM, F1, precision and recall of every pair, to the twelfth decimal."""
    differing = [row for row in pairs if overlaps(*row[:4]) != pytest.approx(row[4], rel=0, abs=EXACT)]

    assert differing == []


def test_means_over_all_pairs_are_the_official_script_s(pairs):
    """A missing answer or missing facts count as 0 and are not left out."""
    sums = [sum(column) for column in zip(*(overlaps(*row[:4]) for row in pairs), strict=True)]
    expected = fixture.read("hotpotqa")[0]["all"]

    assert [total / len(pairs) for total in sums] == pytest.approx(expected, rel=0, abs=EXACT)


def test_the_task_differs_from_the_official_script_only_in_blank_answers(pairs):
    """An answer without text scores 0, though the script calls it equal to a gold answer made of articles."""
    rows = [row for row in pairs if row[3]]  # a row without gold facts is none of the task's
    differing = [row for row in rows if task_scores(*row[:4]) != pytest.approx(official_task_scores(row), abs=EXACT)]

    assert differing
    for prediction, gold, *_, scores in differing:
        assert prediction.strip() == ""
        assert (answers.normalize(gold), scores[0], scores[1]) == ("", 1, 0)


@pytest.mark.parametrize(
    "output, gold, expected",
    re.findall(r"^\| `(.+)` \| `(.+)` ((?:\| [01] ){3})\|", DOCUMENT.read_text(), re.MULTILINE),
)
def test_the_documented_differences_are_true(output, gold, expected):
    """Every row of the table of outputs that exact_match reads in another way than the harness."""
    output = output.replace("\\n", "\n")

    scores = numbers.strict_match(output, gold), numbers.flexible_match(output, gold), numbers.exact_match(output, gold)

    assert scores == tuple(map(float, re.findall("[01]", expected)))


def test_another_script_than_the_official_one_is_refused(tmp_path):
    """Expected scores come from one known script."""
    (tmp_path / "other.py").write_text("def eval(predicted, gold): print({})")

    with pytest.raises(ValueError, match="not hotpot_evaluate_v1"):
        official.source(tmp_path / "other.py")


def test_stored_scores_that_differ_from_the_original_are_named():
    """A comparison of a real run says which cases disagree."""
    scores = {"strict_match": 1.0, "flexible_match": 1.0, "exact_match": 1.0}
    cases = [
        Case(case_id=name, question="?", gold="18", prediction="18", scores=scores, seconds=1)
        for name in ("one", "two")
    ]

    said = stored.compared(cases, ("strict_match", "flexible_match"), [[1.0, 1.0], [1.0, 0.0]])

    assert said.startswith("2 cases, 1 differ two\n")
    assert said.endswith("1  2 cases")
