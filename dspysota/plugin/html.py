"""What pytest-html's own report shows of runs and claims: verdicts on top, our columns, the way to our page."""

from __future__ import annotations

import os
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dspysota.plugin.collector import Collector
from dspysota.plugin.sights import Sight, own_sight_on, verdicts_on
from dspysota.untrusted import visible_line

if TYPE_CHECKING:
    from dspysota.claims import Verdict

VERDICT = "Verdict"
"""The column beside pytest-html's result, which knows no third outcome: what is undecided passed or failed there."""

HEADERS = ("Ratio", "Score [95% CI]", "Tokens/question", "Cost/question", "p95 seconds", "Model")


class HtmlColumns:
    """Hooks of pytest-html; registered only where it is present and a report was asked for."""

    def __init__(self, collector: Collector, page: Path) -> None:
        self._collector = collector
        self._page = page

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_table_header(self, cells: list[str]) -> None:
        """Add the verdict beside the result, the other columns before the links."""
        cells[-1:-1] = [f"<th>{escape(header)}</th>" for header in HEADERS]
        cells.insert(1, f'<th class="sortable" data-column-type="verdict">{VERDICT}</th>')

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_table_row(self, report: pytest.TestReport, cells: list[str]) -> None:
        """Fill our columns with the run and the claim of the test; empty for tests without."""
        if not cells:  # a row that another plugin removed
            return
        sight, verdicts = own_sight_on(report), verdicts_on(report)
        texts = [_ratios(verdicts), *(_figures(sight) if sight else [""] * (len(HEADERS) - 1))]
        cells[-1:-1] = [f"<td>{_safe(text)}</td>" for text in texts]
        words = ", ".join(dict.fromkeys(str(one.outcome) for one in verdicts))
        cells.insert(1, f'<td class="col-verdict">{_safe(words)}</td>')

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_summary(self, prefix: list[str]) -> None:
        """Say what our report's banner says, and lead to every case."""
        collector = self._collector
        if collector.report is None:
            return
        prefix += _verdicts(collector)
        link = os.path.relpath(collector.report / "report.html", self._page.parent)
        runs = len(collector.runs)
        prefix.append(
            f"<p>dspysota: {runs} run{'s' if runs != 1 else ''}; every case is in "
            f'<a href="{escape(Path(link).as_posix(), quote=True)}">report.html</a>.</p>'
        )


def _verdicts(collector: Collector) -> Iterator[str]:
    """How claims and runs came out, a line for each claim, and how pytest-html counts what is undecided."""
    meta, runs = collector.meta, collector.runs
    if meta is None:
        return
    from dspysota.gate import sentences
    from dspysota.report import verdicts
    from dspysota.report.sections.banner import headline

    judged = [meta.outcomes[run.info.key].outcome for run in runs if run.info.key in meta.outcomes]
    bars = headline(judged.count("failed"), judged.count("passed"), len(runs), meta)
    heads = [verdicts.headline(meta), bars, sentences.headline(meta.gate) if meta.gate else ""]
    yield from (f"<p><strong>{_safe(head)}</strong></p>" for head in heads if head)
    made = verdicts.decisions(meta)
    if made:
        lines = [
            f"<li><strong>{one.verdict.outcome}</strong> {_safe(verdicts.summed_up(one.verdict))}</li>" for one in made
        ]
        yield f"<ul>{''.join(lines)}</ul>"
    undecided = len({one.test for one in made if one.outcome == "inconclusive"})
    if undecided:
        tests = "1 test is" if undecided == 1 else f"{undecided} tests are"
        yield f"<p>{tests} INCONCLUSIVE, which pytest-html counts as passed or failed; see the column {VERDICT}.</p>"


def _ratios(verdicts: list[Verdict]) -> str:
    """Of the claim that needs attention first."""
    if not verdicts:
        return ""
    from dspysota.report.verdicts import first

    said = []
    for one in first(verdicts).criteria:
        interval = f" ({one.interval.low:.3f}..{one.interval.high:.3f})" if one.interval else ""
        said.append(f"{one.name} has no ratio" if one.ratio is None else f"{one.name} {one.ratio:.3f}{interval}")
    return "; ".join(said)


def _figures(sight: Sight) -> list[str]:
    """The columns from the score on."""
    from dspysota.records import amount

    badge = "" if sight.provenance == "measured" else f" ({sight.provenance})"
    tokens = "not reported" if sight.tokens is None else f"{sight.tokens:,.0f}"
    return [
        f"{sight.score:.3f} [{sight.low:.3f}, {sight.high:.3f}]{badge}",
        f"{tokens}{badge}",
        "" if sight.cost is None else f"{amount(sight.cost, sight.unit)}{badge}",
        f"{sight.p95:.2f}{badge}",
        sight.model,
    ]


def _safe(text: str) -> str:
    return escape(visible_line(text))
