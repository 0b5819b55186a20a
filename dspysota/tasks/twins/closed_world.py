"""The offline twin of HotpotQA: questions about a world that does not exist, so that no model can have read the answer.

Each row is made in HotpotQA's own form: ten paragraphs about fictional people, places and works, of which two are
needed. Bridge questions name the first of the two and ask about the second; comparison questions name both. The other
eight are of the same kinds, with names that resemble those of the two.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dspysota.tasks.twins.invention import Paragraph, World

NAME = "closed_world"
SEED = 20_180_925
TRAIN, TEST = 150, 250
PARAGRAPHS = 10
ORIGIN = f"dspysota closed_world seed {SEED}"


@dataclass(frozen=True)
class Puzzle:
    """A question, its answer, and the two paragraphs it needs, each with the facts that are used of it."""

    question: str
    answer: str
    first: tuple[Paragraph, str]
    second: tuple[Paragraph, str]
    kinds: tuple[str, str]
    """Which kinds of entry the two are, to make others like them."""
    type: str = "bridge"


def rows() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return training and test rows in HotpotQA's original fields: always the same, every name in them used once."""
    world = World(random.Random(SEED))
    made = [_row(world, number) for number in range(TRAIN + TEST)]
    for number, row in enumerate(made):
        split, position = ("train", number + 1) if number < TRAIN else ("test", number - TRAIN + 1)
        row["_id"] = f"{NAME}-{split}-{position:04d}"
    return made[:TRAIN], made[TRAIN:]


def _row(world: World, number: int) -> dict[str, Any]:
    # Seven bridge questions to three comparisons, half of them yes/no: more comparisons than the original's one in
    # five, so that a small slice has some.
    makers = (_BRIDGES, _BRIDGES, _COMPARISONS, _BRIDGES, _BRIDGES, _YES_NO, _BRIDGES, _BRIDGES, _COMPARISONS, _BRIDGES)
    puzzle = world.rng.choice(makers[number % len(makers)])(world)
    needed = [puzzle.first, puzzle.second]
    paragraphs = [paragraph for paragraph, _ in needed]
    for i in range(PARAGRAPHS - len(needed)):
        model, kind = needed[i % 2][0], puzzle.kinds[i % 2]
        paragraphs.append(_resembling(world, model, kind, puzzle.answer))
    world.rng.shuffle(paragraphs)
    return {
        "question": puzzle.question,
        "answer": puzzle.answer,
        "type": puzzle.type,
        "level": "medium",
        "supporting_facts": [[paragraph.title, paragraph.facts[fact][0]] for paragraph, fact in needed],
        "context": [paragraph.row() for paragraph in paragraphs],
    }


def _resembling(world: World, model: Paragraph, kind: str, answer: str) -> Paragraph:
    """Return an entry of that kind whose name is like the model's and which does not happen to hold the answer."""
    while True:
        paragraph: Paragraph = getattr(world, kind)(like=model.title)
        if answer not in {words for _, words in paragraph.facts.values()}:
            return paragraph


def _of_author(world: World, fact: str, question: str) -> Puzzle:
    author = world.person()
    work = world.work(name=author.fact("work"), author=author.title)
    text = question.format(form=work.fact("form"), work=work.title)
    return Puzzle(text, author.fact(fact), (work, "author"), (author, fact), ("work", "person"))


def _of_birthplace(world: World, fact: str, question: str) -> Puzzle:
    person = world.person()
    town = world.town(name=person.fact("town"))
    text = question.format(person=person.title)
    return Puzzle(text, town.fact(fact), (person, "town"), (town, fact), ("person", "town"))


def _of_school(world: World, fact: str, question: str) -> Puzzle:
    person = world.person()
    school = world.school(name=person.fact("school"))
    text = question.format(person=person.title)
    return Puzzle(text, school.fact(fact), (person, "school"), (school, fact), ("person", "school"))


def _of_river(world: World, fact: str, question: str) -> Puzzle:
    town = world.town()
    river = world.river(name=town.fact("river"))
    text = question.format(town=town.title)
    return Puzzle(text, river.fact(fact), (town, "river"), (river, fact), ("town", "river"))


def _of_school_town(world: World, fact: str, question: str) -> Puzzle:
    school = world.school()
    town = world.town(name=school.fact("town"))
    text = question.format(school=school.title)
    return Puzzle(text, town.fact(fact), (school, "town"), (town, fact), ("school", "town"))


def _first_work(world: World) -> Puzzle:
    form, years = world.pick(["novel", "poem"]), world.years(1730, 1930)
    first, second = (world.work(form=form, year=year) for year in years)
    return _which(world, first, second, "year", f"Which {form} was published first, {{0}} or {{1}}?", "work")


def _elder(world: World) -> Puzzle:
    first, second = (world.person(year=year) for year in world.years(1710, 1890))
    return _which(world, first, second, "year", "Who was born earlier, {0} or {1}?", "person")


def _larger_town(world: World) -> Puzzle:
    small, large = sorted(world.rng.sample(range(2_000, 90_000), 2))
    first, second = (world.town(inhabitants=f"{n:,}") for n in (large, small))
    return _which(world, first, second, "inhabitants", "Which town has more inhabitants, {0} or {1}?", "town")


def _which(world: World, right: Paragraph, wrong: Paragraph, fact: str, question: str, kind: str) -> Puzzle:
    asked = [right, wrong]
    world.rng.shuffle(asked)
    text = question.format(*(paragraph.title for paragraph in asked))
    return Puzzle(text, right.title, (asked[0], fact), (asked[1], fact), (kind, kind), "comparison")


def _same_region(world: World) -> Puzzle:
    first = world.town()
    yes = world.rng.random() < 0.5
    second = world.town(region=first.fact("region")) if yes else world.town()
    text = f"Are {first.title} and {second.title} in the same region?"
    return _whether(text, yes, (first, second), "region", "town")


def _same_birthplace(world: World) -> Puzzle:
    first = world.person()
    yes = world.rng.random() < 0.5
    second = world.person(town=first.fact("town")) if yes else world.person()
    text = f"Were {first.title} and {second.title} born in the same town?"
    return _whether(text, yes, (first, second), "town", "person")


def _same_author(world: World) -> Puzzle:
    first = world.work()
    yes = world.rng.random() < 0.5
    second = world.work(author=first.fact("author")) if yes else world.work()
    text = f"Are {first.title} and {second.title} by the same author?"
    return _whether(text, yes, (first, second), "author", "work")


def _whether(question: str, yes: bool, pair: tuple[Paragraph, Paragraph], fact: str, kind: str) -> Puzzle:
    first, second = pair
    return Puzzle(question, "yes" if yes else "no", (first, fact), (second, fact), (kind, kind), "comparison")


Maker = Callable[[World], Puzzle]


def _bridge(make: Callable[[World, str, str], Puzzle], fact: str, question: str) -> Maker:
    return lambda world: make(world, fact, question)


_BRIDGES: tuple[Maker, ...] = (
    _bridge(_of_author, "town", "In which town was the author of the {form} {work} born?"),
    _bridge(_of_author, "school", "At which academy was the author of the {form} {work} trained?"),
    _bridge(_of_author, "circle", "Which circle was the author of the {form} {work} a member of?"),
    _bridge(_of_author, "year", "In what year was the author of the {form} {work} born?"),
    _bridge(_of_birthplace, "river", "On which river does the birthplace of {person} lie?"),
    _bridge(_of_birthplace, "region", "In which region is the town where {person} was born?"),
    _bridge(_of_birthplace, "inhabitants", "How many inhabitants has the town where {person} was born?"),
    _bridge(_of_school, "founder", "Who founded the academy at which {person} was trained?"),
    _bridge(_of_school, "year", "In what year was the academy founded at which {person} was trained?"),
    _bridge(_of_river, "sea", "Into which sea flows the river on which {town} lies?"),
    _bridge(_of_river, "hills", "In which hills rises the river on which {town} lies?"),
    _bridge(_of_school_town, "region", "In which region is the town that has {school}?"),
    _bridge(_of_school_town, "year", "In what year was the town founded that has {school}?"),
)
_COMPARISONS: tuple[Maker, ...] = (_first_work, _elder, _larger_town)
_YES_NO: tuple[Maker, ...] = (_same_region, _same_birthplace, _same_author)
