"""HotpotQA metrics, exactly those of the official `hotpot_evaluate_v1.py`.

Source: https://github.com/hotpotqa/hotpot/blob/master/hotpot_evaluate_v1.py. There is one gold answer and no alias.
The official quirks stay: only ASCII punctuation is deleted, and without a space in its place ("co-founder" becomes
"cofounder"); "yes", "no" and "noanswer" score all or nothing; an answer made only of articles normalizes to nothing,
which equals nothing (EM 1) and overlaps nothing (F1 0).
"""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Hashable, Iterable
from typing import NamedTuple

Fact = tuple[str, int]
"""A supporting fact: title of the paragraph, index of the sentence in it from 0."""

_ARTICLES = re.compile(r"\b(a|an|the)\b")
_PUNCTUATION = str.maketrans("", "", string.punctuation)
_ALL_OR_NOTHING = frozenset({"yes", "no", "noanswer"})


class Overlap(NamedTuple):
    """How much of two things is the same, each in [0, 1]."""

    em: float
    f1: float
    precision: float
    recall: float


NOTHING = Overlap(em=0.0, f1=0.0, precision=0.0, recall=0.0)


def normalize(text: str) -> str:
    """Return `text` in lower case without ASCII punctuation, articles and superfluous white space, in that order.

    >>> normalize("  The U.S. co-founder's  (first) Album! "), normalize("A"), normalize("The–Beatles’")
    ('us cofounders first album', '', '–beatles’')
    """
    return " ".join(_ARTICLES.sub(" ", text.lower().translate(_PUNCTUATION)).split())


def answer(prediction: str, gold: str) -> Overlap:
    """Return the overlap of two answers: EM of the normalized texts, and F1 over their bags of words.

    >>> answer("the Eiffel Tower", "Eiffel tower.")
    Overlap(em=1.0, f1=1.0, precision=1.0, recall=1.0)
    >>> answer("Chief of Protocol of the United States", "Chief of Protocol").f1
    0.6666666666666666
    >>> answer("yes, they are", "yes").f1, answer("Yes.", "yes").f1, answer("no", "yes").f1, answer("no", "no man").f1
    (0.0, 1.0, 0.0, 0.0)
    >>> answer("", "Paris") == NOTHING, answer("", "the")
    (True, Overlap(em=1.0, f1=0.0, precision=0.0, recall=0.0))
    """
    left, right = normalize(prediction), normalize(gold)
    em = float(left == right)
    if left != right and (left in _ALL_OR_NOTHING or right in _ALL_OR_NOTHING):
        return NOTHING
    predicted, wanted = left.split(), right.split()
    same = sum((Counter(predicted) & Counter(wanted)).values())
    if same == 0:
        return NOTHING._replace(em=em)
    return _overlap(em, same / len(predicted), same / len(wanted))


def em(prediction: str | None, gold: str) -> float:
    """Return 1.0 where the normalized answers are equal; None, which is no answer at all, scores 0.0.

    >>> em("An apple", "apple!"), em("apples", "apple"), em(None, "the")
    (1.0, 0.0, 0.0)
    """
    return 0.0 if prediction is None else answer(prediction, gold).em


def f1(prediction: str | None, gold: str) -> float:
    """Return the F1 of the two bags of words; None, which is no answer at all, scores 0.0.

    >>> f1("Shirley Temple Black", "Shirley Temple"), f1(None, "Shirley Temple")
    (0.8, 0.0)
    """
    return 0.0 if prediction is None else answer(prediction, gold).f1


def supporting(predicted: Iterable[Hashable], gold: Iterable[Fact]) -> Overlap:
    """Return the overlap of two sets of supporting facts; what is predicted and is no fact is a wrong one.

    >>> supporting([("A", 0), ("A", 0), ("B", 1)], [("A", 0), ("C", 2)])
    Overlap(em=0.0, f1=0.5, precision=0.5, recall=0.5)
    >>> supporting([], [("A", 0)]) == NOTHING, supporting([], []).em, supporting(["A", ("A", 0)], [("A", 0)]).precision
    (True, 1.0, 0.5)
    """
    mine: set[Hashable] = set(predicted)
    theirs = set(gold)
    hits = len(mine & theirs)
    precision = hits / len(mine) if mine else 0.0
    recall = hits / len(theirs) if theirs else 0.0
    return _overlap(float(mine == theirs), precision, recall)


def joint(answers: Overlap, facts: Overlap) -> Overlap:
    """Return the joint overlap: precision, recall and EM multiplied, F1 from the products.

    >>> joint(Overlap(1.0, 0.8, 2 / 3, 1.0), Overlap(0.0, 2 / 3, 1.0, 0.5))
    Overlap(em=0.0, f1=0.5714285714285715, precision=0.6666666666666666, recall=0.5)
    """
    return _overlap(answers.em * facts.em, answers.precision * facts.precision, answers.recall * facts.recall)


def supporting_recall(retrieved: Iterable[str], gold: Iterable[Fact]) -> float:
    """Return the share of the supporting paragraphs that are among the retrieved titles; ours, not official.

    >>> supporting_recall(["A", "X"], [("A", 0), ("A", 1), ("B", 0)]), supporting_recall([], [("A", 0)])
    (0.5, 0.0)
    """
    titles = {title for title, _ in gold}
    return len(titles & set(retrieved)) / len(titles) if titles else 0.0


def _overlap(em: float, precision: float, recall: float) -> Overlap:
    total = precision + recall
    return Overlap(em, 2 * precision * recall / total if total > 0 else 0.0, precision, recall)
