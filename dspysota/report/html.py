"""Runs in, one self-contained HTML file out: no network, one script of ours, nothing of the data but text."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from dspysota.records import Run
from dspysota.report import text
from dspysota.report.charts.spec import shape
from dspysota.report.meta import ReportMeta
from dspysota.report.sections import BANNER, SECTIONS, Section
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
    environment = _environment()
    report = view(runs, meta)
    sections = [(section, _section(environment, section, report)) for section in SECTIONS]
    style = "".join((TEMPLATES / name).read_text(encoding="utf-8") for name in STYLES)
    code = "\n".join((TEMPLATES / "script" / name).read_text(encoding="utf-8") for name in SCRIPTS)
    script = f'(() => {{\n"use strict";\n{code}}})();'
    return environment.get_template("page.html.j2").render(
        report=report,
        banner=_section(environment, BANNER, report),
        sections=[(section, markup) for section, markup in sections if markup is not None],
        style=Markup(style),
        style_digest=_digest(style),
        script=Markup(script),
        script_digest=_digest(script),
    )


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _section(environment: Environment, section: Section, report: Report) -> Markup | None:
    values = section.values(report)
    if values is None:
        return None
    return Markup(environment.get_template(f"{section.name}.html.j2").render(report=report, **values))


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    for name in (
        "score",
        "scored",
        "changed",
        "count",
        "tokens",
        "short",
        "digest",
        "one_line",
        "redacted",
        "amount",
        "estimated",
    ):
        environment.filters[name] = getattr(text, name)
    environment.filters["shape"] = shape
    environment.filters["slug"] = lambda kind: str(kind).replace(" ", "-")
    return environment


def _shown(value: object) -> object:
    """Jinja2 calls this for every value that a template prints, so that none can forget it."""
    return text.visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value
