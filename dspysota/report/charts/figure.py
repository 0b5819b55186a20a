"""A chart with everything around it: what it is called, what it says to who cannot see it, and its numbers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from markupsafe import Markup

from dspysota.report.charts.spec import Spec
from dspysota.report.charts.vega import draw
from dspysota.report.view import RunView


@dataclass(frozen=True)
class Head:
    """What a line of a chart's table is about: words, and the run that they lead to, if it is one."""

    words: str
    number: int | None = None
    anchor: str = ""

    @classmethod
    def of(cls, view: RunView) -> Head:
        """A run, under the number that it has everywhere in the report."""
        return cls(view.run.name, view.number, view.anchor)


@dataclass(frozen=True)
class Line:
    """A line of a chart's table: `cells` are in the order of `Figure.columns`."""

    head: Head
    cells: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A chart. `words` say what it shows in a sentence or a few; `columns` and `lines` are its numbers.

    `narrow` is the same chart for screens of a phone's width, None where `wide` fits those, too.
    """

    title: str
    unit: str
    words: str
    first: str
    """Heading of the table's first column."""
    columns: tuple[str, ...]
    lines: tuple[Line, ...]
    wide: Spec
    narrow: Spec | None = None
    notes: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    """Columns of words, which stand to the left; numbers stand to the right."""

    @cached_property
    def svg(self) -> Markup:
        """The drawings; the style sheet shows one of them. The same specifications give the same bytes."""
        label = f"{self.title}. {self.words}"
        if self.narrow is None:
            return draw(self.wide, label, "chart")
        return draw(self.wide, label, "chart wide") + draw(self.narrow, label, "chart narrow")
