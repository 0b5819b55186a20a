"""What pytest-html's own report shows of runs: three columns, and a line that leads to ours."""

from __future__ import annotations

import os
from html import escape
from pathlib import Path

import pytest

from dspysota.plugin.collector import Collector
from dspysota.plugin.sights import sights_on

HEADERS = ("Score [95% CI]", "Tokens/question", "p95 seconds", "Model")


class HtmlColumns:
    """Hooks of pytest-html; registered only where it is present and a report was asked for."""

    def __init__(self, collector: Collector, page: Path) -> None:
        self._collector = collector
        self._page = page

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_table_header(self, cells: list[str]) -> None:
        """Add our columns before the links."""
        cells[-1:-1] = [f"<th>{escape(header)}</th>" for header in HEADERS]

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_table_row(self, report: pytest.TestReport, cells: list[str]) -> None:
        """Fill our columns with the first run of the test; empty for tests without one."""
        if not cells:  # a row that another plugin removed
            return
        sights = [sight for sight, _ in sights_on(report)]
        texts = [""] * len(HEADERS)
        if sights:
            first = sights[0]
            score = f"{first.score:.3f} [{first.low:.3f}, {first.high:.3f}]"
            tokens = "not reported" if first.tokens is None else f"{first.tokens:,.0f}"
            badge = "" if first.provenance == "measured" else f" ({first.provenance})"
            texts = [f"{score}{badge}", f"{tokens}{badge}", f"{first.p95:.2f}{badge}", first.model]
        cells[-1:-1] = [f"<td>{escape(text)}</td>" for text in texts]

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_summary(self, prefix: list[str]) -> None:
        """Lead to the report with every case."""
        if self._collector.report is None:
            return
        link = os.path.relpath(self._collector.report / "report.html", self._page.parent)
        runs = len(self._collector.runs)
        prefix.append(
            f"<p>dspysota: {runs} run{'s' if runs != 1 else ''}; every case is in "
            f'<a href="{escape(Path(link).as_posix(), quote=True)}">report.html</a>.</p>'
        )
