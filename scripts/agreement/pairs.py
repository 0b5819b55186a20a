"""Made-up HotpotQA predictions and golds: near misses of every kind, and the corners of the official rules."""

from __future__ import annotations

import string
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import Any

from scripts.agreement.official import Pair

NUMBER = 12_000

_WORDS = (
    *("Selka", "Orvand", "Tarnholt", "Brissel", "Amber", "Ferry", "Costrel", "Quartet", "Harn", "Ysk", "town"),
    *("harbour", "the", "a", "an", "of", "and", "in", "The", "A", "An", "theory", "anthem", "no", "yes"),
    *("1302", "1,302", "1920–1930", "co-founder", "O'Tresk's", "U.K.", "St.", "Ærø", "Straße", "İlva", "Zoë", "“Kiss”"),
    *("東京", "№7", "$9.50", "50%"),
)  # fmt: skip
_GOLDS = (
    *("yes", "no", "Yes", "No.", "noanswer", "no answer", "The", "an A", "", "!?", "1302", "3 May 1921"),
    *("1,302 people", "The Amber Ferry", "A Town of the Ferry", "Harn Harn Ysk", "Pell “the Bow” Aramond"),
    *("the no", "yes and no"),
)  # fmt: skip
_STRANGE = (
    "",
    " \n",
    "the",
    "a an the",
    ".",
    "-",
    "yes",
    "no",
    "Yes!",
    "yes, they are",
    "noanswer",
    "no answer",
    "None",
)
_TITLES = ("Amber Ferry", "Selka Orvand", "Tarnholt", "Lake Ustra", "Zoë (1921 film)")

Change = Callable[[Random, str], str]


def _shuffled(random: Random, text: str) -> str:
    words = text.split()
    return " ".join(random.sample(words, len(words)))


def _cut(random: Random, text: str) -> str:
    words = text.split()
    return " ".join(words[: random.randint(0, len(words))])


def _inserted(random: Random, text: str) -> str:
    words = text.split()
    words.insert(random.randint(0, len(words)), random.choice(_WORDS))
    return " ".join(words)


def _spaced(random: Random, text: str) -> str:
    return text.replace(" ", random.choice(("  ", "\t", "\u00a0", "\u200b", "\n", "-", " - ", ", ")))


def _typewritten(random: Random, text: str) -> str:
    """Return the text with typographic signs, which the script keeps, as ASCII ones, which it deletes, or deleted."""
    signs = {"–": "-", "“": '"', "”": '"', "’": "'", "…": "...", "№": "No. "}
    kept = random.random() < 0.5
    return "".join((signs[sign] if kept else "") if sign in signs else sign for sign in text)


def _punctuated(random: Random, text: str) -> str:
    place = random.randint(0, len(text))
    return text[:place] + random.choice(string.punctuation) + text[place:]


_CHANGES: tuple[Change, ...] = (
    lambda random, text: text,
    lambda random, text: text.upper(),
    lambda random, text: text.lower(),
    lambda random, text: f"{random.choice(('The', 'a', 'An'))} {text}",
    lambda random, text: text + random.choice((".", "!", " .", "'s", "’s", "”", "…", " –", ",", " the")),
    lambda random, text: f"{text} {text}",
    lambda random, text: f"It is {text}, I think.",
    lambda random, text: text.replace(",", ""),
    lambda random, text: unicodedata.normalize(random.choice(("NFD", "NFKC")), text),
    lambda random, text: text.casefold(),
    lambda random, text: random.choice(_STRANGE),
    lambda random, text: _phrase(random),
    *(_shuffled, _cut, _inserted, _inserted, _spaced, _typewritten, _punctuated, _punctuated),
)


def pairs(seed: int) -> Iterator[Pair]:
    """Yield all pairs, the same for the same seed."""
    random = Random(seed)
    for _ in range(NUMBER):
        gold = random.choice(_GOLDS) if random.random() < 0.35 else _phrase(random)
        answer: str | None = gold
        for _ in range(random.choice((0, 1, 1, 1, 2, 3))):
            answer = random.choice(_CHANGES)(random, answer or "")
        if random.random() < 0.02:
            answer = None
        if random.random() < 0.002:
            answer = f"{answer or ''} " * 300
        gold_facts = _facts(random, 0 if random.random() < 0.03 else random.randint(1, 4))
        yield Pair(answer, gold, _claimed(random, gold_facts), gold_facts)


def _phrase(random: Random) -> str:
    return " ".join(random.choice(_WORDS) for _ in range(random.randint(1, 5)))


def _facts(random: Random, number: int) -> list[list[Any]]:
    every = [[title, sentence] for title in _TITLES for sentence in range(3)]
    return random.sample(every, number)


def _claimed(random: Random, gold: Sequence[Any]) -> list[Any] | None:
    """Return supporting facts that a program might claim: right, some of them, too many, twice, malformed, none."""
    some = random.sample(gold, random.randint(0, len(gold)))
    wrong = _malformed(random)
    kinds: dict[int, list[Any] | None] = {  # by their share in per cent
        3: None,
        5: [],
        27: random.sample(gold, len(gold)),
        20: some + _facts(random, random.randint(0, 3)),
        15: [*gold, *some, *some],
        21: _facts(random, random.randint(1, 5)),
        9: [*some, wrong, *random.choice(([], [wrong]))],
    }
    return random.choices(list(kinds.values()), list(kinds))[0]


def _malformed(random: Random) -> Any:
    title, sentence = _facts(random, 1)[0]
    malformed: list[Any] = [[title], [title, str(sentence)], [title, sentence, 0], [title, None], [], "A0"]
    return random.choice([*malformed, [sentence, title]])
