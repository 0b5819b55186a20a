r"""Made-up model outputs to made-up GSM8K rows: the ways in which models end an answer, and noise.

`STYLED` outputs are what models write, right and wrong, marked and not, to rows as the data set has them. `HOSTILE`
ones are runs of the very characters that the patterns look for, and their golds are no better.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Literal, NamedTuple

STYLED, HOSTILE = 2400, 1200

_NAMES = ("Selka", "Pell", "Ilva", "Dorrim", "Oskar", "Maren", "Tovi", "Brisa")
_THINGS = ("lanterns", "barrels of salt", "tickets", "metres of rope", "jars", "coins", "loaves", "tiles")
_WORDS = ("zero", "twelve", "a dozen", "none", "half of them")

# What stands in the place of {n} is the number as `_written` writes it.
_ENDINGS = (
    "#### {n}", "#### {n}", "#### {n}", "#### {n}.", "####{n}", "####  {n}", "### {n}", "##### {n}", "#### ${n}",
    "#### {n} dollars", "#### Answer: {n}", "####\n{n}", "#### {n}\n\nI checked this {m} times.", "#### **{n}**",
    "#### {n}\n#### {m}", "#### {m}\nNo, wait.\n#### {n}", "#### {n}, as {m} would be too many", "#### {n}/{m}",
    "#### {m} + {m} = {n}", "The answer is {n}.", "The answer is {n}", "the answer is: {n}", "The answer is ${n}.",
    "The answer is {n} out of {m}.", "The final answer is {n}", "Answer: {n}", "**Answer:** {n}", "Answer:\n\n{n}\n",
    "So there are {n} of them, and not {m}.", "{n}", " {n} ", "{n}.", "{n}...", "{n}%", "${n}", "-${n}", "€{n}",
    "\\boxed{{{n}}}", "\\[ x = \\boxed{{{n}}} \\]", "$\\boxed{{\\text{{{n} left}}}}$", "\\(x = {n}\\).",
    "about {n}-{m}", "{n} - {m}", "{n}:{m}", "{n}/{m}", "{n} {m}", "x={n}", "n{n}", "{n}th", "= {n}\n= {n}",
    '{{"answer": {n}}}', '{{"answer": "{n}"}}', "[[ ## answer ## ]]\n{n}\n\n[[ ## completed ## ]]",
    "<answer>{n}</answer>", "```python\nprint({n})\n```", "| total | {n} |\n|---|---|", "1. {m}\n2. {n}", "See https://example.org/{m}?q={n}",
    "#### {n}<|im_end|>", "#### {n}</s>", "#### {n}\n\nQuestion: And with {m}?\nAnswer: #### {m}", "#### [invalid]",
    "#### none", "####", "#### ", "I do not know.", "", "\n", "There are not enough facts.", "The answer is {w}.",
)  # fmt: skip
_HOSTILE = (
    *"0123456789", *"0123456789", *".,-$#", *".,-$# \n", "####", "#### ", "#### ", "#### -", "$-", "-$", "..", "\u2212",
    "\u00a0", "\u0661\u0668", "\uff11", "[invalid]", "[INVALID]", "The answer is ", "1e3", " and ", "=", "\r\n", "\t",
    "%",
)  # fmt: skip
_HOSTILE_GOLDS = (
    "{n}", "{n}.", "{n}..", "${n}", "{n} ", "{n}\n", "{n}.\n", " {n}", "-{n}", "#### {n}", "####{n}",
    "# {n}\n##$## {n}",
    "#,### {n}", "#### {n}\n#### {m}", "#### {m}\n#### {n}.", "{m}\n#### ${n}.00", "#### [INVALID]", "[invalid]",
    "####", "#### ", "", ".", "$", ",",
)  # fmt: skip


class Output(NamedTuple):
    """A worked solution, as a row of the data set has it, and what a model said."""

    kind: Literal["styled", "hostile"]
    answer: str
    output: str


def outputs(seed: int) -> Iterator[Output]:
    """Yield all outputs, the same for the same seed."""
    random = Random(seed)
    for number in range(STYLED):
        yield _styled(random, _ENDINGS[number % len(_ENDINGS)])
    for _ in range(HOSTILE):
        yield _hostile(random)


def _styled(random: Random, ending: str) -> Output:
    value = _value(random)
    answer = f"{_working(random, marks=True)}\n#### {value:,}" if random.random() < 0.5 else f"#### {value}"
    said = value if random.random() < 0.75 else _value(random)
    end = ending.format(n=_written(random, said), m=_value(random), w=random.choice(_WORDS))
    before = _working(random, marks=random.random() < 0.2) if random.random() < 0.8 else ""
    if random.random() < 0.01:
        before *= 200  # a model that repeats itself
    return Output("styled", answer, f"{before}\n{end}" if before else end)


def _hostile(random: Random) -> Output:
    text = "".join(random.choice(_HOSTILE) for _ in range(random.randint(1, 24)))
    runs = ["".join(c if c in "0123456789" else " " for c in text).split(), [str(random.randint(0, 20))]]
    chosen = random.choice(runs[0] or runs[1])
    gold = random.choice(_HOSTILE_GOLDS).format(n=chosen, m=random.choice(runs[1]))
    return Output("hostile", gold, text)


def _value(random: Random) -> int:
    top = random.choice((9, 100, 100, 1000, 20_000, 3_000_000))
    return random.randint(0, top) * (-1 if random.random() < 0.06 else 1)


def _written(random: Random, value: int) -> str:
    """Return one of the ways in which a model writes a number; most often the plainest."""
    grouped = f"{value:,}"
    return random.choice(
        [str(value)] * 8
        + [grouped] * 4
        + [f"{value}.0", f"{grouped}.00", f"{value}.5", f"{value}.", f"0{value}", f"+{value}", f"- {abs(value)}"]
        + [str(value).replace("-", "\u2212"), grouped.replace(",", "\u202f"), grouped.replace(",", "{,}")]
        + [grouped.replace(",", " "), grouped.replace(",", "."), f"{value}e0", f"({value})", f"{value}kg"]
    )


def _working(random: Random, *, marks: bool) -> str:
    """Return one to four sentences that calculate, with the data set's calculator marks or without."""
    sentences = []
    for _ in range(random.randint(1, 4)):
        left, right, price = random.randint(2, 400), random.randint(2, 90), random.randint(1, 60)
        mark = f"<<{left}*{right}={left * right}>>" if marks else ""
        sentences.append(
            random.choice(
                (
                    f"{random.choice(_NAMES)} has {left} * {right} = {mark}{left * right} {random.choice(_THINGS)}.",
                    f"At ${price}.50 each, {left} {random.choice(_THINGS)} cost ${left * price:,}.",
                    f"First, {random.choice(_NAMES)} gives away {right}% of the {random.choice(_THINGS)}.",
                    f"That leaves {left} - {right} = {left - right}.",
                )
            )
        )
    return random.choice(("\n", " ")).join(sentences)
