"""The pages: an index of all run folders, and trends. Everything that a record says is text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from pathlib import Path

from jinja2 import Environment
from markupsafe import Markup

from dspysota.history import Contents, Entry, Point, Series, baselines
from dspysota.history import trends as series_of
from dspysota.report.templating import digest, environment
from dspysota.viewer import charts, files
from dspysota.viewer.words import bars, change, day, duration, outcomes, size, when

TEMPLATES = Path(__file__).with_name("templates")
PER_PAGE = 40
"""Run folders of one page."""


@dataclass(frozen=True)
class Page:
    """A document, and the policy that lets nothing into it but its own style sheet."""

    html: str
    policy: str


@dataclass(frozen=True)
class Folder:
    """One run folder of the index: its facts, its runs, and its files."""

    entry: Entry
    points: tuple[Point, ...]
    files: tuple[str, ...]

    @property
    def title(self) -> str:
        """The profile where it is known, else the folder's name."""
        return self.entry.profile or self.entry.name

    @property
    def known(self) -> list[str]:
        """The files that every run folder has."""
        return [file for file in self.files if "/" not in file]

    @property
    def exports(self) -> list[str]:
        """What was exported."""
        return [file for file in self.files if "/" in file]

    @property
    def state(self) -> str:
        """`failed`, `undecided`, `passed` or `unjudged`: the worst that a test found; `open` before the end."""
        one = self.entry
        if one.status != "finished":
            return "open" if one.status == "unfinished" else "failed"
        if one.missed or one.unmade or one.verdicts.get("FAIL"):
            return "failed"
        if one.verdicts.get("INCONCLUSIVE"):
            return "undecided"
        return "passed" if one.cleared or one.verdicts.get("PASS") else "unjudged"


@dataclass(frozen=True)
class Line:
    """One series with its drawings; none where a single run was measured."""

    series: Series
    charts: tuple[charts.Chart, ...]


@dataclass(frozen=True)
class Group:
    """The series of a data set: those that have a history, and those that were measured once."""

    data: str
    lines: tuple[Line, ...]
    once: tuple[Series, ...]


def runs(found: Contents, out: Path, page: str = "1") -> Page:
    """The index, a part of it where there are many folders; a page that is not there is the first."""
    last = max(1, -(-len(found.entries) // PER_PAGE))
    number = int(page) if re.fullmatch("[1-9][0-9]{0,5}", page) and int(page) <= last else 1
    shown = found.entries[(number - 1) * PER_PAGE : number * PER_PAGE]
    of = {name: tuple(points) for name, points in groupby(found.points, key=lambda one: one.folder)}
    folders = [Folder(one, of.get(one.name, ()), tuple(files.there(out, one.name))) for one in shown]
    cases = sum(one.cases for one in found.entries)
    return _page(
        "runs", folders=folders, total=len(found.entries), cases=cases, baselines=baselines(out), page=number, last=last
    )


def trends(found: Contents) -> Page:
    """Every series, by data set: score, cost and latency of its runs in the order in which they were measured."""
    groups = []
    for data, group in groupby(series_of(found.points), key=lambda one: one.data):
        lines = [Line(one, charts.all_of(one)) for one in group]
        drawn, once = ([line for line in lines if bool(line.charts) == wanted] for wanted in (True, False))
        groups.append(Group(data, tuple(drawn), tuple(line.series for line in once)))
    return _page("trends", groups=groups)


def missing() -> Page:
    """Said where there is no such page or file."""
    return _page("message", title="Not here", said="There is no such page, or this file is not one that is shown.")


def trouble(why: str) -> Page:
    """Said where the run folders cannot be read."""
    return _page("message", title="The runs cannot be read", said=why)


def _page(name: str, **values: object) -> Page:
    style = (TEMPLATES / "style.css").read_text(encoding="utf-8")
    html = _templates().get_template(f"{name}.html.j2").render(**values, here=name, style=Markup(style))
    nothing = "; ".join(f"{what} 'none'" for what in ("default-src", "base-uri", "form-action", "frame-ancestors"))
    return Page(html, f"{nothing}; style-src 'sha256-{digest(style)}'")


@cache
def _templates() -> Environment:
    return environment(
        TEMPLATES,
        bars=bars,
        change=change,
        day=day,
        duration=duration,
        outcomes=outcomes,
        size=size,
        when=when,
        drawing=Markup,  # of our own specification, which holds no text of a record
    )
