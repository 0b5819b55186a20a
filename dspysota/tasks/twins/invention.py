"""Names that do not exist, and the people, places and works of the closed world that bear them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

_ONSETS = "br d dr fl g gl gr j kl kr m n pl pr qu sk sl sn str th thr tr v vl vr y z zh".split()
_VOWELS = "a e i o u".split()
_MEDIALS = "lv zg mbr rth gn vr phl skr xt lzh rk nz sht lm".split()
_ENDINGS = {
    "given": "aen emi iq oth ozh ul ux yra".split(),
    "surname": "brand dask kett mond quist tarn vek zorn".split(),
    "town": "bost fell gath haven holm mere stead wick".split(),
    "river": "drin gesh luth mar nesk vash".split(),
    "region": "dor kind mark reth vale zant".split(),
    "emblem": "fax lor pent rusk tave vim".split(),
}
_TITLES = "Bell Bridge Candle Clock Garden Harbour Lantern Mirror Orchard Salt Shadow Winter".split()
_WORKS = {"novel": "published", "opera": "performed", "play": "performed", "poem": "published"}
_PROFESSIONS = "architect,astronomer,botanist,cartographer,glassmaker,physician,printer,surveyor".split(",")
_HABITS = (
    "kept bees and wrote letters in green ink",
    "walked to market every morning until old age",
    "left a diary of nine volumes, most of it unread",
    "refused three offers of a title",
    "played chess by post with a ferryman",
    "never learned to swim",
)
_BUILDINGS = "clock tower,covered market,glass bridge,salt warehouse,stone theatre,windmill".split(",")
_HEROES = "baker,beekeeper,ferryman,lamplighter,organ builder,tax collector".split(",")
_QUESTS = "lost brother,missing key,stolen map,sunken bell,unpaid debt,unsigned letter".split(",")


@dataclass(frozen=True)
class Paragraph:
    """An encyclopedia entry: `facts` maps what can be asked about to the sentence that says it and the words for it."""

    title: str
    sentences: tuple[str, ...]
    facts: dict[str, tuple[int, str]]

    def row(self) -> list[object]:
        """Return the paragraph as HotpotQA writes it: every sentence but the first begins with a space."""
        return [self.title, [f" {sentence}" if i else sentence for i, sentence in enumerate(self.sentences)]]

    def fact(self, name: str) -> str:
        """Return the words of a fact."""
        return self.facts[name][1]


@dataclass
class World:
    """Invents entries out of `rng`. No name is given twice; `like` asks for one that resembles another."""

    rng: random.Random
    taken: set[str] = field(default_factory=set)

    def word(self, kind: str, like: str = "") -> str:
        """Return a new name of a kind, with the stem of `like` where that leaves one."""
        stem = self._stem_of(like)
        for _ in range(100):
            name = (stem or self._stem(kind)) + self.rng.choice(_ENDINGS[kind])
            if name not in self.taken:
                self.taken.add(name)
                return name
            if self.rng.random() < 0.2:  # all endings of this stem may be taken
                stem = ""
        raise AssertionError("the closed world has run out of names")

    def name(self, like: str = "") -> str:
        """Return a person's name; one like another has a family name with the same stem."""
        return f"{self.word('given')} {self.word('surname', like.split()[-1] if like else '')}"

    def pick(self, choices: Sequence[str]) -> str:
        """Return one of `choices`."""
        return self.rng.choice(choices)

    def person(self, like: str = "", **fixed: str) -> Paragraph:
        """Return the entry of a person. `fixed` may give `name`, `town`, `school`, `work`, `year`, `profession`."""
        name = fixed.get("name") or self.name(like)
        facts = {
            "profession": (0, fixed.get("profession") or self.pick(_PROFESSIONS)),
            "circle": (0, f"{self.word('emblem')} Circle"),
            "year": (1, fixed.get("year") or self._year(1710, 1890)),
            "town": (1, fixed.get("town") or self.word("town")),
            "school": (2, fixed.get("school") or f"{self.word('emblem')} Academy"),
            "work": (3, fixed.get("work") or self.title()),
        }
        words = {key: value for key, (_, value) in facts.items()}
        article = "an" if words["profession"][0] in "aeiou" else "a"
        sentences = (
            f"{name} was {article} {words['profession']} and a member of the {words['circle']}.",
            f"{name} was born in {words['year']} in {words['town']}.",
            f"Trained at {words['school']}, {name.split()[0]} {self.pick(_HABITS)}.",
            f"{name.split()[1]} is best known for {words['work']}.",
        )
        return Paragraph(name, sentences, facts)

    def town(self, like: str = "", **fixed: str) -> Paragraph:
        """Return the entry of a town. `fixed` may give `name`, `region`, `river`, `inhabitants`."""
        name = fixed.get("name") or self.word("town", like)
        facts = {
            "region": (0, fixed.get("region") or self.word("region")),
            "river": (1, fixed.get("river") or self.word("river")),
            "year": (2, self._year(1020, 1690)),
            "inhabitants": (3, fixed.get("inhabitants") or f"{self.rng.randrange(2_000, 90_000):,}"),
        }
        words = {key: value for key, (_, value) in facts.items()}
        sentences = (
            f"{name} is a town in the region of {words['region']}.",
            f"It lies on the river {words['river']}, below a {self.pick(_BUILDINGS)}.",
            f"The town was founded in {words['year']}.",
            f"At the last census {name} had {words['inhabitants']} inhabitants.",
        )
        return Paragraph(name, sentences, facts)

    def river(self, like: str = "", **fixed: str) -> Paragraph:
        """Return the entry of a river. `fixed` may give `name`."""
        name = fixed.get("name") or self.word("river", like)
        facts = {
            "hills": (0, f"{self.word('region')} Hills"),
            "sea": (1, f"Sea of {self.word('region')}"),
            "length": (2, f"{self.rng.randrange(60, 900)} kilometres"),
        }
        words = {key: value for key, (_, value) in facts.items()}
        sentences = (
            f"The {name} is a river that rises in the {words['hills']}.",
            f"It flows into the {words['sea']}.",
            f"Its length is {words['length']}, of which ships use about a third.",
        )
        return Paragraph(name, sentences, facts)

    def school(self, like: str = "", **fixed: str) -> Paragraph:
        """Return the entry of an academy. `fixed` may give `name`, `town`."""
        name = fixed.get("name") or f"{self.word('emblem', like.split()[0] if like else '')} Academy"
        facts = {
            "town": (0, fixed.get("town") or self.word("town")),
            "founder": (1, self.name()),
            "year": (1, self._year(1400, 1700)),
        }
        words = {key: value for key, (_, value) in facts.items()}
        sentences = (
            f"{name} is a school of arts and sciences in {words['town']}.",
            f"{words['founder']} founded it in {words['year']}.",
            f"Its main hall was once a {self.pick(_BUILDINGS)}.",
        )
        return Paragraph(name, sentences, facts)

    def work(self, like: str = "", **fixed: str) -> Paragraph:
        """Return the entry of a novel, opera, play or poem. `fixed` may give `name`, `author`, `form`, `year`."""
        name = fixed.get("name") or self.title(like)
        form = fixed.get("form") or self.pick(list(_WORKS))
        facts = {
            "form": (0, form),
            "author": (0, fixed.get("author") or self.name()),
            "year": (1, fixed.get("year") or self._year(1730, 1930)),
            "prize": (3, f"{self.word('emblem')} Prize"),
        }
        words = {key: value for key, (_, value) in facts.items()}
        article = "an" if form[0] in "aeiou" else "a"
        sentences = (
            f"{name} is {article} {form} by {words['author']}.",
            f"It was first {_WORKS[form]} in {words['year']}.",
            f"It tells of a {self.pick(_HEROES)} and a {self.pick(_QUESTS)}.",
            f"It received the {words['prize']}.",
        )
        return Paragraph(name, sentences, facts)

    def title(self, like: str = "") -> str:
        """Return the title of a work; one like another shares its first words or its place."""
        first, _, place = like.removeprefix("The ").partition(" of ")
        if like and self.rng.random() < 0.5:
            return f"The {first} of {self.word('town', place)}"
        return f"The {self.pick([word for word in _TITLES if word != first])} of {self.word('town', place)}"

    def years(self, low: int, high: int) -> tuple[str, str]:
        """Return two different years, the earlier one first."""
        first, second = sorted(self.rng.sample(range(low, high), 2))
        return str(first), str(second)

    def _year(self, low: int, high: int) -> str:
        return str(self.rng.randrange(low, high))

    def _stem(self, kind: str) -> str:
        stem = self.pick(_ONSETS) + self.pick(_VOWELS) + self.pick(_MEDIALS)
        return (stem if kind == "given" else stem + self.pick(_VOWELS)).capitalize()

    def _stem_of(self, name: str) -> str:
        endings = [ending for kind in _ENDINGS.values() for ending in kind if name.endswith(ending)]
        return name.removesuffix(max(endings, key=len)) if endings else ""
