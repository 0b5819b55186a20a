"""Fixed, disjoint splits: training and validation from the official training rows, test from the official test rows."""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from dspysota.errors import DataError
from dspysota.records import Example

Accept = Callable[[Example], bool]

NAMED = 3
"""How many offending rows an error message names."""

_PUNCTUATION = {code: " " for code in range(0x3100) if unicodedata.category(chr(code)).startswith("P")}


@dataclass(frozen=True)
class Splits:
    """The rows of one task, disjoint by id and by normalized question.

    `train` is what approaches learn from, `validation` what they choose by, `test` what is scored, in a seeded order
    of which every prefix is a fair sample. `demos` are demonstrations that are shown as rows; none unless given.
    """

    train: tuple[Example, ...]
    validation: tuple[Example, ...]
    test: tuple[Example, ...]
    demos: tuple[Example, ...] = ()

    def with_demos(self, demos: Sequence[Example]) -> Splits:
        """Return the same splits with these demonstrations. Raises DataError where one is among the other rows."""
        splits = replace(self, demos=tuple(demos))
        check_disjoint(splits)
        return splits

    def reordered(self, seed: int) -> Splits:
        """Return the same splits with the training rows in another order, that of `seed`.

        Approaches take the first so many of them, and several take the first that suit, so that another order is what
        makes another program of a greedy model.
        """
        rows = self.train
        return replace(self, train=tuple(rows[i] for i in order(len(rows), f"train again:{seed}")))

    def items(self) -> Iterator[tuple[str, tuple[Example, ...]]]:
        """Yield name and rows of every split."""
        yield from (("demos", self.demos), ("train", self.train), ("validation", self.validation), ("test", self.test))


@dataclass(frozen=True)
class Sizes:
    """How many rows go to training and to validation; where there are fewer, 70% and 30% of what there is."""

    train: int
    validation: int

    def fit(self, rows: int) -> tuple[int, int]:
        """Return the two sizes for `rows` rows.

        >>> Sizes(200, 300).fit(7473), Sizes(200, 300).fit(100)
        ((200, 300), (70, 30))
        """
        if rows >= self.train + self.validation:
            return self.train, self.validation
        train = rows * 7 // 10
        return train, rows - train


def build(
    train: Sequence[Example], test: Sequence[Example], *, sizes: Sizes, seed: int, accept: Accept = lambda row: True
) -> Splits:
    """Return the splits of official rows: shuffled by `seed`, repeated training questions taken once.

    Of `train`, only as many rows are read as are needed; those that `accept` refuses are passed over. Raises DataError
    where splits overlap or are empty.
    """
    shuffled = (train[i] for i in order(len(train), f"train:{seed}"))
    pool = _distinct(filter(accept, shuffled), sizes.train + sizes.validation)
    n_train, n_validation = sizes.fit(len(pool))
    splits = Splits(
        train=tuple(pool[:n_train]),
        validation=tuple(pool[n_train : n_train + n_validation]),
        test=tuple(test[i] for i in order(len(test), f"test:{seed}")),
    )
    for name, rows in splits.items():
        if not rows and name != "demos":
            raise DataError(f"The {name} split has no rows: there are {len(train)} training and {len(test)} test rows.")
    check_disjoint(splits)
    return splits


def order(n: int, seed: str) -> list[int]:
    """Return 0 … n-1 in an order that depends on `seed` alone."""
    indices = list(range(n))
    random.Random(seed).shuffle(indices)
    return indices


def normalized_question(text: str) -> str:
    """Return `text` without case, white space and punctuation, to tell whether two questions are the same.

    >>> normalized_question("How many  apples, in total?") == normalized_question("how many apples in TOTAL")
    True
    >>> normalized_question("What is 5 + 5?") == normalized_question("What is 55?")
    False
    """
    return " ".join(unicodedata.normalize("NFKC", text).casefold().translate(_PUNCTUATION).split())


def check_disjoint(splits: Splits, extra_questions: Iterable[str] = ()) -> None:
    """Raise DataError where two splits share an id or a question, or one split holds an id twice.

    `extra_questions` are questions shown to the model as demonstrations without being rows; none of them may be a
    validation or test question. Questions are compared by `normalized_question`.
    """
    ids: dict[str, str] = {}
    questions: dict[str, tuple[str, str]] = {}
    clashes: list[str] = []
    for name, rows in splits.items():
        for row in rows:
            if ids.get(row.id) == name:
                raise DataError(
                    f"The id {row.id!r} stands twice in the {name} split; give each row its own, as cases go by it."
                )
            if row.id in ids:
                clashes.append(f"id {row.id!r} is in {ids[row.id]} and in {name}")
            ids[row.id] = name
            id_, split = questions.setdefault(normalized_question(row.question), (row.id, name))
            if split != name:
                clashes.append(f"{id_!r} of {split} asks the same question as {row.id!r} of {name}")
    clashes += _shown(splits, extra_questions)
    if clashes:
        more = f"; and {len(clashes) - NAMED} more" if len(clashes) > NAMED else ""
        raise DataError(
            f"The splits overlap: {'; '.join(clashes[:NAMED])}{more}. "
            "A score on rows that were shown or learned from means nothing: take each row out of one of the two."
        )


def _shown(splits: Splits, extra_questions: Iterable[str]) -> list[str]:
    held_out = {
        normalized_question(row.question): (row.id, name)
        for name, rows in (("validation", splits.validation), ("test", splits.test))
        for row in rows
    }
    shown = sorted({normalized_question(question) for question in extra_questions} & held_out.keys())
    return [f"{id_!r} of {name} is also shown as a demonstration" for id_, name in map(held_out.__getitem__, shown)]


def _distinct(rows: Iterable[Example], wanted: int) -> list[Example]:
    """Take the first `wanted` rows with different questions."""
    taken: dict[str, Example] = {}
    for row in rows:
        taken.setdefault(normalized_question(row.question), row)
        if len(taken) == wanted:
            break
    return list(taken.values())
