"""Runs under one another, each under its name: beside its strip where there is room, above it on a phone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dspysota.report.charts import spec
from dspysota.report.charts.spec import Frame, Mark, of
from dspysota.report.text import one_line
from dspysota.report.view import RunView

BESIDE = 232
"""Pixels for the names in the wide drawing."""
LETTERS = (33, 50)
"""Of a line of a name there, and of the whole name above a strip."""


@dataclass(frozen=True)
class Name:
    """What a strip is of: in two lines, or in one where it stands above."""

    first: str
    second: str

    @classmethod
    def of(cls, view: RunView) -> Name:
        """A run, under its number."""
        return cls(f"{view.number}  {view.run.info.model.name}", view.variant)


@dataclass(frozen=True, kw_only=True)
class Strips:
    """The rows of a drawing. `right` leaves room for words behind the strips, `bottom` for an axis below them."""

    names: Sequence[Name]
    wide: bool
    right: float
    bottom: float
    row: float = 40
    """Height of a row where names stand beside it; above the strip they take 16 pixels more."""

    @property
    def frame(self) -> Frame:
        """The whole drawing."""
        tall = self._tall * len(self.names)
        return Frame(
            width=spec.WIDE if self.wide else spec.NARROW,
            height=tall + self.bottom + 6,
            left=BESIDE if self.wide else 4,
            right=self.right,
            top=6,
            bottom=self.bottom,
        )

    @property
    def _tall(self) -> float:
        return self.row if self.wide else self.row + 16

    def y(self, place: int) -> float:
        """The middle of a strip."""
        return self._tall * place + (self.row / 2 if self.wide else self.row / 2 + 14)

    def marks(self) -> Iterator[Mark]:
        """The names, and a fine line above every row but the first."""
        left = -self.frame.left
        edges = [
            {"x": left, "x2": self.frame.across + self.right, "y": self._tall * place, "colour": spec.RULE}
            for place in range(1, len(self.names))
        ]
        yield spec.rule(edges, x=of("x"), x2=of("x2"), y=of("y"))
        if self.wide:
            yield self._texts([one_line(name.first, LETTERS[0]) for name in self.names], left, -8, spec.INK)
            yield self._texts([one_line(name.second, LETTERS[0]) for name in self.names], left, 8, spec.SOFT)
        else:
            whole = [one_line(f"{name.first} {name.second}", LETTERS[1]) for name in self.names]
            yield self._texts(whole, left, -self.row / 2 - 2, spec.INK)

    def _texts(self, words: Sequence[str], x: float, down: float, fill: str) -> Mark:
        rows = [{"text": one, "x": x, "y": self.y(place) + down} for place, one in enumerate(words)]
        return spec.text(rows, fill, x=of("x"), y=of("y"))
