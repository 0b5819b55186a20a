"""Runs in, one self-contained HTML file out: no network, one script of ours, nothing of the data but text."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from jinja2 import Environment
from markupsafe import Markup

from dspysota.records import Run
from dspysota.report.charts.spec import shape
from dspysota.report.meta import ReportMeta
from dspysota.report.sections import BANNER, SECTIONS, Section
from dspysota.report.templating import digest, environment
from dspysota.report.view import Report, view

TEMPLATES = Path(__file__).with_name("templates")
STYLES = ("style.css", "charts.css", "examples.css")
SCRIPTS = ("data.js", "filters.js", "list.js", "example.js", "deep.js", "tables.js", "start.js")


def render(runs: Sequence[Run], meta: ReportMeta) -> str:
    """The report as one HTML document; the same records give the same bytes.

    The page needs no network, and can be read without JavaScript. Its Content-Security-Policy allows the style sheet
    and the script inside it, by their digests, and nothing else; the script may not turn text into markup. Everything
    else is escaped by Jinja2, invisible characters spelled out first.
    """
    templates = _templates()
    report = view(runs, meta)
    sections = [(section, _section(templates, section, report)) for section in SECTIONS]
    style = "".join((TEMPLATES / name).read_text(encoding="utf-8") for name in STYLES)
    code = "\n".join((TEMPLATES / "script" / name).read_text(encoding="utf-8") for name in SCRIPTS)
    script = f'(() => {{\n"use strict";\n{code}}})();'
    return templates.get_template("page.html.j2").render(
        report=report,
        banner=_section(templates, BANNER, report),
        sections=[(section, markup) for section, markup in sections if markup is not None],
        style=Markup(style),
        style_digest=digest(style),
        script=Markup(script),
        script_digest=digest(script),
    )


def _section(templates: Environment, section: Section, report: Report) -> Markup | None:
    values = section.values(report)
    if values is None:
        return None
    return Markup(templates.get_template(f"{section.name}.html.j2").render(report=report, **values))


@cache
def _templates() -> Environment:
    return environment(TEMPLATES, shape=shape, slug=lambda kind: str(kind).replace(" ", "-"))
