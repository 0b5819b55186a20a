import pytest

from dspysota.metrics.hotpotqa import (
    NOTHING,
    Overlap,
    answer,
    em,
    f1,
    joint,
    normalize,
    supporting,
    supporting_recall,
)


@pytest.mark.parametrize(
    "text, normalized",
    [
        ("The  Eiffel\tTower.", "eiffel tower"),
        ("co-founder", "cofounder"),
        ("U.S.", "us"),
        ("A", ""),
        ("theory of a theme", "theory of theme"),
        ("1920–1930", "1920–1930"),
        ("“Kiss and Tell”", "“kiss and tell”"),
        ("O'Neil's", "oneils"),
        ("$1,000", "1000"),
        ("Ærøskøbing", "ærøskøbing"),
        ("", ""),
    ],
)
def test_answers_are_normalized_as_the_official_script_does(text, normalized):
    """Lower case, ASCII punctuation deleted without a space, articles out, white space collapsed; nothing else."""
    assert normalize(text) == normalized


@pytest.mark.parametrize(
    "prediction, gold, expected_em, expected_f1",
    [
        ("Chief of Protocol", "the chief of protocol!", 1, 1),
        ("Shirley Temple Black", "Shirley Temple", 0, 0.8),
        ("black black cat", "black cat cat", 0, 2 / 3),
        ("yes", "Yes.", 1, 1),
        ("yes, they are", "yes", 0, 0),
        ("no", "yes", 0, 0),
        ("no", "no man's land", 0, 0),
        ("noanswer", "no answer", 0, 0),
        ("Paris", "London", 0, 0),
        ("", "London", 0, 0),
        ("", "The", 1, 0),
        ("the", "A", 1, 0),
    ],
)
def test_answer_em_and_f1_are_official(prediction, gold, expected_em, expected_f1):
    """EM is equality; F1 counts words, except that yes and no are all or nothing."""
    assert em(prediction, gold) == expected_em
    assert f1(prediction, gold) == pytest.approx(expected_f1)


def test_no_answer_scores_nothing():
    """None is not an empty text: it equals no gold answer, not even one made of articles."""
    assert (em(None, "The"), f1(None, "The")) == (0.0, 0.0)


def test_supporting_facts_are_compared_as_sets():
    """Doubles count once; precision and recall are over facts, not paragraphs."""
    gold = [("A", 0), ("B", 1)]

    assert supporting([("B", 1), ("A", 0), ("A", 0)], gold) == Overlap(1, 1, 1, 1)
    assert supporting([("A", 1), ("B", 1)], gold) == Overlap(0, 0.5, 0.5, 0.5)
    assert supporting([], gold) == NOTHING


def test_joint_scores_multiply_precision_and_recall():
    """Joint F1 comes from the products of precisions and recalls, joint EM is both EMs."""
    answers, facts = answer("Shirley Temple Black", "Shirley Temple"), supporting([("A", 0)], [("A", 0), ("B", 1)])

    both = joint(answers, facts)

    assert both.precision == pytest.approx(2 / 3)
    assert both.recall == pytest.approx(1 / 2)
    assert both.f1 == pytest.approx(2 * (2 / 3) * (1 / 2) / (2 / 3 + 1 / 2))
    assert both.em == 0.0
    assert joint(answers, NOTHING) == NOTHING


def test_supporting_recall_counts_paragraphs():
    """Of the paragraphs that matter, the share among those retrieved, however many facts each holds."""
    gold = [("A", 0), ("A", 3), ("B", 1)]

    assert supporting_recall(["B", "C", "D"], gold) == 0.5
    assert supporting_recall(["A", "B"], gold) == 1.0
    assert supporting_recall([], gold) == 0.0


def test_a_megabyte_of_text_is_scored():
    """Degenerate output is scored like any other."""
    assert answer("the " * 250_000, "Paris") == NOTHING
    assert answer("Paris " * 160_000, "Paris").recall == 1.0
