"""Program expressions that draw several samples: `cot+vote5`, `read+best3`. Imports no DSPy."""

import re
from dataclasses import dataclass
from typing import Literal

from dspysota.errors import ConfigError

FEWEST, MOST = 2, 64
"""Samples of one question."""

FORMS = f"each also with +voteK or +bestK behind it (K from {FEWEST} to {MOST})"
"""Which expressions there are, for messages that list the base programs."""

_FORM = re.compile(r"(vote|best)([1-9][0-9]?)", re.ASCII)  # one spelling a number: it is part of ids and keys


@dataclass(frozen=True)
class Samples:
    """How many samples of a program are drawn, and what is made of them.

    `vote` takes the answer of the majority, `best` the first sample that is good and draws no further one.
    """

    kind: Literal["vote", "best"]
    count: int
    temperature: float = 0.7
    """Of each sample, as in Wang et al. 2022 (arXiv 2203.11171, section 3.1). At 0.0 all would be much the same."""


def split(program: str) -> tuple[str, Samples | None]:
    """Return the base program of an expression, and its samples; None where it is no more than the base.

    The base is not checked. Raises ConfigError for what is no form, or a number out of bounds.

    >>> split("cot+vote5"), split("cot")
    (('cot', Samples(kind='vote', count=5, temperature=0.7)), ('cot', None))
    """
    base, plus, form = program.partition("+")
    if not plus:
        return base, None
    found = _FORM.fullmatch(form)
    if not base or not found or not FEWEST <= int(found[2]) <= MOST:
        raise ConfigError(
            f"{program!r} is no program: behind the name stands +voteK or +bestK, once, with a whole number K from "
            f"{FEWEST} to {MOST}; write, for example, '{base or 'NAME'}+vote5'."
        )
    return base, Samples("vote" if found[1] == "vote" else "best", int(found[2]))
