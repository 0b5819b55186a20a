"""The page around the charts: which sections stand where, and what identifies the numbers."""

import re

from dspysota.records import Prices, Run, Training
from dspysota.report import html
from tests.factories import make_data, make_grid, make_run
from tests.report.drawings import LARGE, META, PRICE, SMALL
from tests.report.test_html import Page


def test_sections_stand_in_the_order_in_which_one_decides():
    """The answer, what it rests on, what it took, and how to repeat it."""
    compiled = {"unprepared_digest": "ab" * 32, "instructions_digest": "ab" * 32}
    grid = make_grid(cases=12)
    better = grid[3].info.compile.model_copy(update=compiled)
    grid[3] = Run(info=grid[3].info.model_copy(update={"compile": better}), cases=grid[3].cases)
    names = re.findall(r'<section id="([a-z]+)" aria', html.render(grid, META))

    assert [
        "runs",
        "frontier",
        "lift",
        "latency",
        "failures",
        "costs",
        "compiling",
        "across",
        "examples",
        "environment",
    ] == names


def test_sections_without_anything_to_show_are_left_out():
    """One task, nothing optimized, nothing asked twice, no baseline: no empty headings."""
    names = re.findall(r'<section id="([a-z]+)" aria', html.render([make_run()], META))

    assert ["runs", "frontier", "latency", "failures", "costs", "examples", "environment"] == names


def test_the_banner_says_what_was_measured_by_which_weights_on_which_rows_at_which_price():
    """All that somebody asks before believing a number."""
    run = make_run(prices=Prices(basis="list", tokens=PRICE, usd_per_hour=0.5))
    text = Page(html.render([run, make_run(key="o", model_name=LARGE)], META)).text

    assert f"{SMALL} sha256 {str(run.info.model.digest)[:12]}" in text
    assert f"sha256 {run.info.data.digest[:12]}" in text
    assert f"{SMALL} $0.1 + $0.3 a million tokens (a list); $0.5 an hour of its machine" in text
    assert f"{LARGE} none given" in text
    assert "3f901225db33" in text


def test_every_run_says_where_its_numbers_come_from():
    """Measured, replayed, and whether the rows are a twin's."""
    runs = [make_run(), make_run(key="r", provenance="replayed"), make_run(task="hotpotqa", scores=[1.0])]
    source = html.render(runs, META)
    rows = re.findall(r'<tr id="run-\d+".*?</tr>', source, re.S)

    assert [["measured"], ["replayed"], ["measured", "twin"]] == [
        re.findall(r'<span class="badge[^"]*">([^<]*)</span>', row) for row in rows
    ]
    assert make_data("hotpotqa").source == "twin"


def test_weights_that_were_trained_are_named_as_such():
    """Beside those that they came from, which have the same name."""
    run = make_run([1.0] * 4)
    training = Training(digest="d" * 64, base="b" * 64, by="LoRA", examples=9, tokens=900, seconds=60.0)
    compiled = run.info.compile.model_copy(update={"training": training})
    model = run.info.model.model_copy(update={"digest": "d" * 64})
    taught = run.model_copy(
        update={"info": run.info.model_copy(update={"key": "k2", "model": model, "compile": compiled})}
    )

    assert html.render([run, taught], META).count(", trained for its program") == 1
    assert ", trained for its program" not in html.render([run], META)
