"""What the pages say, and that what records say is text there."""

import re
from dataclasses import replace

import pytest

from dspysota.errors import RunError
from dspysota.history import Index
from dspysota.history import trends as series_of
from dspysota.records import Prices, TokenPrice
from dspysota.report import ReportMeta
from dspysota.viewer import charts, pages
from tests.factories import make_run
from tests.history.keeping import FIRST, SECOND, begin, iso, judged, keep, over_time

HOSTILE = "<script>alert(1)</script>\u202e\x1b[2J{{ 7 * 7 }}"


@pytest.fixture
def out(tmp_path, monkeypatch):
    monkeypatch.setenv("DSPYSOTA_HOME", str(tmp_path / "home"))
    out = tmp_path / "reports"
    out.mkdir()
    return out


def runs(out, page="1"):
    return pages.runs(Index(out).read(), out, page).html


def trends(out):
    return pages.trends(Index(out).read()).html


def test_the_index_shows_every_folder_with_its_verdicts(out):
    """When, what, how it came out, and where the report is."""
    small, large = make_run([1.0] * 30 + [0.0] * 10), make_run([1.0] * 40, model_name="qwen2.5-coder-1.5b")
    keep(out, FIRST, small, large, meta=judged(small, large))
    begin(out).close()

    page = runs(out)

    assert page.index("unfinished") < page.index(f'id="{FIRST}"')
    for part in (
        f'href="/runs/{FIRST}/report.html"',
        "1 FAIL",
        "1 of 2 runs missed a bar",
        "22 November 2026, 18:04 UTC",
        "commit <code>3f901225</code>",
        "--api-key ***",
        "<b>0.750</b>",
    ):
        assert part in page
    assert "hunter2" not in page


def test_an_empty_folder_says_how_to_begin(out):
    """On both pages, without a table of nothing."""
    assert "<code>pytest evals</code>" in runs(out)
    assert "No finished run" in trends(out)


def test_many_folders_come_in_pages(out, monkeypatch):
    """The newest first; a page that is not there is the first one."""
    monkeypatch.setattr(pages, "PER_PAGE", 2)
    names = over_time(out, [[1.0]] * 5)

    shown = {page: re.findall(r'class="folder \w+" id="([^"]+)"', runs(out, page)) for page in ("1", "2", "3")}

    assert [name for page in shown.values() for name in page] == names[::-1]
    for other in ("0", "4", "-1", "x", "9" * 5000, "²", ""):
        assert re.findall(r'class="folder \w+" id="([^"]+)"', runs(out, other)) == shown["1"]


def test_what_records_say_is_text(out):
    """Names, commands, commits and reasons, on both pages."""
    for name in (FIRST, SECOND):
        run = make_run([1.0], model_name=HOSTILE, commit=HOSTILE, started=iso(name))
        keep(out, name, run, meta=ReportMeta(command=HOSTILE, title=f"dspysota: {HOSTILE}"))

    for page in (runs(out), trends(out)):
        assert "&lt;script&gt;" in page
        assert "<script" not in page
        assert not {"\u202e", "\x1b"} & set(page)
        assert "{{ 7 * 7 }}" in page


def test_a_series_is_drawn_and_told(out):
    """A picture of the page's own colours, the same in words, and all of it as a table."""
    names = over_time(out, [[1.0, 0.0], [1.0, 1.0], [0.0, 0.0]])

    page = trends(out)

    drawings = re.findall(r'<div class="drawing" role="img" aria-label="([^"]+)">(<svg.*?</svg>)</div>', page, re.S)
    assert [words.split(": ")[1].split(" of ")[0] for words, _ in drawings] == ["score", "p95 seconds a question"]
    assert "score of 3 runs from 1 Nov to 3 Nov: first 0.500, last 0.000, lowest 0.000, highest 1.000" in page
    for _, svg in drawings:
        assert "var(--m" in svg
        assert "<style" not in svg
        assert 'style="' not in svg
        assert "<a" not in svg
        assert "http" not in svg.replace("http://www.w3.org/", "")
    assert all(f'href="/runs/{name}/report.html"' in page for name in names)


def test_costs_are_drawn_where_they_are_known(out):
    """By the prices that the runs name."""
    prices = Prices(basis="list", tokens=TokenPrice(prompt=1.0, completion=2.0))
    over_time(out, [[1.0, 0.0], [1.0, 1.0]], prices=prices)

    assert "cost a question of 2 runs" in trends(out)


@pytest.mark.parametrize("seconds", [(5.1, 5.3), (2.1, 2.2), (0.0004, 0.00041)])
def test_nothing_is_drawn_above_the_top_line_of_its_chart(out, seconds):
    """No point and no end of an interval: a reader sees between which two numbers it lies."""
    over_time(out, [[1.0]] * len(seconds))
    (series,) = series_of(Index(out).read().points)
    points = tuple(
        replace(one, p95=value, cost=value, cost_low=value / 2, cost_high=value * 1.1, unit="$", same_cost="")
        for one, value in zip(series.points, seconds, strict=True)
    )

    for chart in charts.all_of(replace(series, points=points)):
        lines = re.findall(r'<line transform="translate\(0,([\d.]+)\)" x2="\d+" y2="0" stroke="var\(--rule', chart.svg)
        marks = re.findall(r'<path transform="translate\([\d.]+,(-?[\d.]+)\)"', chart.svg)
        spans = re.findall(r'translate\([\d.]+,(-?[\d.]+)\)" x2="0" y2="(-?[\d.]+)" stroke="var\(--m', chart.svg)
        tops = [*map(float, marks), *(float(low) + float(up) for low, up in spans)]

        assert len(lines) > 2
        assert len(tops) == len(seconds) * (1 if chart.name.startswith("p95") else 2)
        assert min(map(float, lines)) <= min(tops) + 0.5  # lines stand on whole pixels


def test_a_single_run_is_no_trend(out):
    """It is said, and nothing is drawn."""
    keep(out, FIRST)

    page = trends(out)

    assert "Measured once so far" in page
    assert "<svg" not in page


def test_no_line_joins_what_cannot_be_compared(out):
    """Scores on other rows, seconds on another machine: a part of its own begins."""
    over_time(out, [[1.0] * 4, [1.0] * 4, [1.0] * 5])
    keep(out, "20261120T120000Z-0bee", make_run([1.0] * 5, started="2026-11-20T12:00:00+00:00", concurrency=1))
    (series,) = series_of(Index(out).read().points)

    parts = {m.name: [row["part"] for row in charts._rows(series.points, m)] for m in (charts.QUALITY, charts.SPEED)}

    assert parts == {"score": [0, 0, 1, 1], "p95 seconds a question": [0, 0, 0, 1]}


def test_points_are_labelled_by_commits_where_they_differ(out):
    """Otherwise by their days."""
    over_time(out, [[1.0], [1.0]])
    (series,) = series_of(Index(out).read().points)

    assert charts.labels(series.points) == ["1111111", "2222222"]
    assert charts.labels(series.points[:1]) == ["1 Nov"]


def test_pages_need_no_script_and_load_nothing(out):
    """The policy allows their own style sheet, by its digest, and nothing else."""
    keep(out, FIRST)
    found = Index(out).read()

    for page in (pages.runs(found, out), pages.trends(found), pages.missing(), pages.trouble(str(RunError("x")))):
        assert "<script" not in page.html
        assert not re.search(r'(?:src|href)="(?!/)', page.html.replace('href="#main"', ""))
        assert not re.search(r'\sstyle="', page.html)
        assert "script-src" not in page.policy
        assert "default-src 'none'" in page.policy
