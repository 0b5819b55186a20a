import pytest

from dspysota import tasks
from dspysota.errors import ConfigError, DataError
from dspysota.records import Example
from dspysota.tasks import DataSource, Splits, check_disjoint
from dspysota.tasks.splits import Sizes, build


def row(id_, question=None):
    return Example(id=id_, inputs={"question": question or f"question {id_}"}, gold="1")


def rows(prefix, n):
    return [row(f"{prefix}{i}") for i in range(n)]


def load(folder, seed=0, name="gsm8k"):
    return tasks.get(name).load(DataSource(directory=folder, announce=lambda line: None), seed=seed)


def test_train_and_validation_come_from_the_training_rows():
    """Training and validation are a seeded sample of the official training rows; test is all official test rows."""
    splits = build(rows("train", 50), rows("test", 20), sizes=Sizes(10, 15), seed=3)

    assert (len(splits.train), len(splits.validation), len(splits.test)) == (10, 15, 20)
    assert all(r.id.startswith("train") for r in splits.train + splits.validation)
    assert {r.id for r in splits.test} == {f"test{i}" for i in range(20)}


def test_too_few_training_rows_are_shared_seven_to_three():
    """With fewer rows than are wanted, 70% train and 30% validate."""
    splits = build(rows("train", 100), rows("test", 5), sizes=Sizes(200, 300), seed=0)

    assert (len(splits.train), len(splits.validation)) == (70, 30)


def test_the_seed_alone_decides():
    """The same seed gives the same rows in the same order, another seed others."""
    first, again, other = (build(rows("a", 90), rows("b", 30), sizes=Sizes(20, 20), seed=s) for s in (1, 1, 2))

    assert first == again
    assert first.train != other.train
    assert first.test != other.test


def test_a_smaller_limit_takes_a_part_of_what_a_larger_one_takes(write):
    """take(n) is the beginning of take(n + 1), so that runs of different sizes share their rows."""
    data = load(write())

    assert data.take(5) == data.take(12)[:5] == data.take(None)[:5]
    assert data.take(10_000) == data.take(None) == data.splits.test


@pytest.mark.parametrize("limit", [0, -1])
def test_a_limit_below_one_is_refused(limit, write):
    """A run of no rows would have no score."""
    with pytest.raises(ConfigError, match=f"'{limit}'"):
        load(write()).take(limit)


def test_repeated_training_questions_are_taken_once():
    """A question that the training file repeats cannot straddle training and validation."""
    train = [row(f"t{i}", f"What is  {i % 6}?") for i in range(60)]

    splits = build(train, rows("test", 3), sizes=Sizes(30, 30), seed=0)

    assert len(splits.train) + len(splits.validation) == 6


def test_the_same_id_in_two_splits_is_refused():
    """The error names the id and both splits."""
    with pytest.raises(DataError, match="id 'x' is in train and in test"):
        check_disjoint(Splits(train=(row("x", "a"),), validation=(row("v"),), test=(row("x", "b"),)))


def test_the_same_id_twice_in_one_split_is_refused():
    """Cases are kept by id, so a split holds each once."""
    with pytest.raises(DataError, match=r"id 'x' stands twice in the test split; give each row its own"):
        check_disjoint(Splits(train=(), validation=(), test=(row("x", "a"), row("x", "b"))))


@pytest.mark.parametrize("same", ["HOW many pears?", "How  many\npears", "“How many pears…”", "How many, pears!"])
def test_the_same_question_in_two_splits_is_refused(same):
    """Case, white space and punctuation do not make another question; the error names both rows and splits."""
    splits = Splits(train=(row("a", "How many pears?"),), validation=(), test=(row("b", same),))

    with pytest.raises(DataError, match="'a' of train asks the same question as 'b' of test"):
        check_disjoint(splits)


def test_overlapping_files_are_refused(write):
    """A data directory whose test rows are among its training rows loads nothing."""
    folder = write()
    (folder / "gsm8k" / "test.jsonl").write_text((folder / "gsm8k" / "train.jsonl").read_text())

    with pytest.raises(DataError, match=r"The splits overlap: .* and 17 more"):
        load(folder)


def test_a_shown_question_may_not_be_scored():
    """A hand-written demonstration that is a validation or test question is refused; a training one is not."""
    splits = Splits(train=(row("a", "One?"),), validation=(row("b", "Two?"),), test=(row("c", "Three?"),))

    check_disjoint(splits, ["one", "four"])
    with pytest.raises(DataError, match="'c' of test is also shown as a demonstration"):
        check_disjoint(splits, ["THREE"])
    with pytest.raises(DataError, match="'b' of validation is also shown"):
        check_disjoint(splits, ["two!"])


def test_demonstration_rows_are_a_split_like_the_others():
    """Demonstrations given as rows must not be among the rest."""
    splits = Splits(train=(row("a"),), validation=(row("b"),), test=(row("c"),))

    assert splits.with_demos([row("d")]).demos == (row("d"),)
    with pytest.raises(DataError, match="id 'c' is in demos and in test"):
        splits.with_demos([row("c")])


def test_an_empty_file_leaves_no_split(write):
    """Without test rows, or without training rows, there is nothing to run."""
    with pytest.raises(DataError, match="The test split has no rows"):
        load(write(gsm8k_test=[]))


def test_the_record_of_rows_tells_them_apart(write):
    """Name, source, origin, number and digest; the digest depends on the rows and their order."""
    data = load(write())

    info = data.info(data.take(5))

    assert (info.name, info.source, info.origin) == ("gsm8k", "directory", "directory rows")
    assert (info.split, info.rows) == ("test", 5)
    assert len(info.digest) == 64
    assert info == load(write()).info(data.take(5))
    assert info.digest != data.info(data.take(5)[::-1]).digest


def test_training_rows_may_come_in_another_order_and_no_other_row_does():
    """Seeds of a program differ by what it learns from; what it is chosen by and scored on is the same."""
    splits = build(rows("a", 90), rows("b", 30), sizes=Sizes(20, 20), seed=1)

    first, again, other = (splits.reordered(seed) for seed in (1, 1, 2))

    assert first == again
    orders = {tuple(r.id for r in one.train) for one in (splits, first, other)}
    assert 3 == len(orders)
    assert 1 == len({frozenset(order) for order in orders})
    assert (splits.validation, splits.test) == (first.validation, first.test)
