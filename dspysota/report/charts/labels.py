"""Where the words of dots go, so that they never lie on each other, on a dot, or outside of the plot."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

Align = Literal["left", "center", "right"]

DIRECTIONS: tuple[tuple[int, int, Align], ...] = (
    (1, 0, "left"),
    (-1, 0, "right"),
    (0, -1, "center"),
    (0, 1, "center"),
    (1, -1, "left"),
    (1, 1, "left"),
    (-1, -1, "right"),
    (-1, 1, "right"),
)
DISTANCES = (10, 15, 22, 32, 44, 58, 74, 92, 112, 136, 162)
"""From the dot, in pixels; the nearest that is free is taken."""
LED = 22
"""From here on a thin line leads from the dot to its words."""
CROSSED, ALONG = 6, 0.25
"""Pixels that a label rather goes further than to cross a line, and for each pixel than to lie along one."""


@dataclass(frozen=True)
class Box:
    """A rectangle, y downwards."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: Box) -> bool:
        """Whether they share more than an edge."""
        across = self.left < other.right and other.left < self.right
        return across and self.top < other.bottom and other.top < self.bottom

    def inside(self, other: Box) -> bool:
        """Whether nothing of it is outside of the other."""
        across = other.left <= self.left and self.right <= other.right
        return across and other.top <= self.top and self.bottom <= other.bottom


@dataclass(frozen=True)
class Wanted:
    """Words for the dot at `x`, `y`."""

    text: str
    x: float
    y: float
    size: float


@dataclass(frozen=True)
class Label:
    """Words at `x`, `y` (their middle, vertically), and whether a line has to lead there from the dot."""

    wanted: Wanted
    x: float
    y: float
    align: Align
    box: Box
    led: bool


def long(text: str, size: float) -> float:
    """How wide text is at most in common fonts without serifs, in pixels.

    >>> round(long("few_shot", 12)), round(long("北京", 12))
    (60, 25)
    """
    return sum(1.04 if unicodedata.east_asian_width(char) in "WFA" else _narrow(char) for char in text) * size


def _narrow(char: str) -> float:
    if char in "mwMW@%—⟨":
        return 1.0
    if char in "iljtfrI.,:;·'|!()[]- ":
        return 0.42
    return 0.78 if char.isupper() else 0.64


def place(
    wanted: Sequence[Wanted], inside: Box, dots: Sequence[Box], words: Sequence[Box], lines: Sequence[Box]
) -> list[Label | None]:
    """A label for each, the first ones choose first; None where nothing is free.

    Labels keep off `dots`, other `words` and the lines that lead to them, and rather keep off `lines`.
    """
    taken, said = [*dots, *words], list(words)
    found: list[Label | None] = []
    for one in wanted:
        free = [
            label
            for label in _places(one)
            if label.box.inside(inside)
            and not any(label.box.meets(box) for box in taken)
            and not any(part.meets(box) for part in leader(label) for box in said)
        ]
        best = min(free, key=lambda label: _price(label, lines, dots), default=None)
        found.append(best)
        if best is not None:
            said.append(best.box)
            taken += [best.box, *leader(best)]
    return found


def _places(one: Wanted) -> Iterator[Label]:
    wide, half = long(one.text, one.size), one.size * 0.62
    for distance in DISTANCES:
        for across, down, align in DIRECTIONS:
            x, y = one.x + across * distance, one.y + down * distance
            left = {"left": x, "center": x - wide / 2, "right": x - wide}[align]
            yield Label(one, x, y, align, Box(left, y - half, left + wide, y + half), distance >= LED)


def _price(label: Label, lines: Sequence[Box], dots: Sequence[Box]) -> float:
    """Distance, and what it and the line to it lie on."""
    one = label.wanted
    price = max(abs(label.x - one.x), abs(label.y - one.y)) + crossed(label.box, lines)
    return price + CROSSED * sum(any(part.meets(dot) for part in leader(label)) for dot in dots)


def crossed(box: Box, lines: Sequence[Box]) -> float:
    """What it costs words to lie on lines."""
    along = [min(box.right, line.right) - max(box.left, line.left) for line in lines if box.meets(line)]
    return sum(CROSSED + ALONG * pixels for pixels in along)


def leader(label: Label) -> list[Box]:
    """The line from the dot to its words, in small pieces; none where they are close."""
    one, pieces = label.wanted, 12
    if not label.led:
        return []
    points = [
        (one.x + (label.x - one.x) * i / pieces, one.y + (label.y - one.y) * i / pieces) for i in range(2, pieces)
    ]
    return [Box(x - 1, y - 1, x + 1, y + 1) for x, y in points]
