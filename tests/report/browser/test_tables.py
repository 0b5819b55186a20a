"""The tables of the report in a browser: sorted by the buttons in their heads."""

import re

import pytest
from playwright.sync_api import expect

from dspysota.report.meta import Outcome, ReportMeta
from tests.factories import make_grid, make_run
from tests.report.deciding import decided

GRID = make_grid(cases=12)


def outcomes():
    made = {run.info.key: Outcome(outcome="passed", test="t") for run in GRID[:-1]}
    made[GRID[3].info.key] = Outcome(outcome="failed", misses=("accuracy 0.1 < 0.3",), test="t")
    return ReportMeta(command="pytest evals", outcomes=made)


def column(page, at):
    return [
        " ".join(one.split()) for one in page.locator(f"#runs table.runs tbody tr > :nth-child({at})").all_inner_texts()
    ]


def numbers(page, at):
    return [float(re.findall(r"[\d,.]+", one)[0].replace(",", "")) for one in column(page, at)]


def outcomes_shown(page):
    return [re.findall("failed|passed|not judged", one)[0] for one in column(page, 1)]


@pytest.fixture
def page(visit):
    return visit(GRID, outcomes())


@pytest.mark.parametrize("name, at", [("Score", 3), ("Tokens", 4), ("p95", 6)])
def test_numbers_are_sorted_by_their_value_whatever_stands_behind_them(page, name, at):
    """Intervals, units and thousands do not matter; the third press brings back failures first."""
    before = column(page, 2)
    button = page.locator("#runs table.runs").get_by_role("button", name=name)
    head = page.locator(f"#runs table.runs thead th:nth-child({at})")
    button.click()
    expect(head).to_have_attribute("aria-sort", "descending")
    assert numbers(page, at) == sorted(numbers(page, at), reverse=True)
    button.click()
    expect(head).to_have_attribute("aria-sort", "ascending")
    assert numbers(page, at) == sorted(numbers(page, at))
    button.click()
    expect(head).not_to_have_attribute("aria-sort", re.compile("."))
    assert column(page, 2) == before


def test_failed_runs_come_first_before_anything_is_pressed(page):
    """And again when the outcomes are sorted: failed, not judged, passed."""
    assert outcomes_shown(page)[0] == "failed"
    page.locator("#runs table.runs").get_by_role("button", name="Outcome").click()
    assert outcomes_shown(page) == ["failed", "not judged", *["passed"] * 8]


def test_a_sorted_table_has_an_address(visit):
    """Pressing writes it, following it sorts."""
    page = visit(GRID, outcomes())
    page.locator("#runs table.runs").get_by_role("button", name="Tokens").click()
    address, order = page.evaluate("location.hash"), column(page, 2)
    assert address == "#runs?by=Tokens&down=1"
    again = visit(GRID, outcomes(), address)
    expect(again.locator("#runs th[aria-sort]")).to_have_text("Tokens")
    assert column(again, 2) == order


def test_the_keyboard_sorts(page):
    """A head is a button: Enter and Space press it."""
    button = page.locator("#runs table.runs").get_by_role("button", name="Score")
    button.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#runs th[aria-sort]")).to_have_attribute("aria-sort", "descending")
    page.keyboard.press("Space")
    expect(page.locator("#runs th[aria-sort]")).to_have_attribute("aria-sort", "ascending")


def test_tables_of_groups_stay_as_they_are(page):
    """Rows that only make sense below the one before them are not torn apart."""
    expect(page.locator("table:has(tr.first) .sorts")).to_have_count(0)


def test_answers_that_a_server_does_not_count_come_last_either_way(visit):
    """Unknown tokens are neither the most nor the least."""
    run = make_run([1.0, 0.0, 1.0])
    usage = run.cases[0].calls[0].usage.model_copy(update={"prompt_tokens": None})
    call = run.cases[0].calls[0].model_copy(update={"usage": usage})
    unknown = run.cases[0].model_copy(update={"calls": (call,)})
    page = visit([run.model_copy(update={"cases": (unknown, *run.cases[1:])})])
    for _ in range(2):
        page.locator("#list").get_by_role("button", name="Tokens").click()
        expect(page.locator("#rows .l-tokens").last).to_have_text("–")


def test_undecided_claims_are_sorted_between_failed_runs_and_those_not_judged(visit):
    """The sort by outcome and the order they come in agree, whatever the bars say."""
    runs, meta = decided(92, outcome="inconclusive")
    bars = {runs[0].info.key: Outcome(outcome="passed", test="t")}
    bad = make_run([0.0] * 100, approach="few_shot", key="bad")
    bars[bad.info.key] = Outcome(outcome="failed", misses=("accuracy 0 < 0.3",), test="t")
    page = visit([runs[1], runs[0], bad], meta.model_copy(update={"outcomes": bars}))
    shown = [re.findall("failed|inconclusive|passed|not judged", one)[0] for one in column(page, 1)]
    assert shown == ["failed", "inconclusive", "not judged"]
    page.locator("#runs table.runs").get_by_role("button", name="Outcome").click()
    again = [re.findall("failed|inconclusive|passed|not judged", one)[0] for one in column(page, 1)]
    assert again == shown
    expect(page.locator("#runs .verdict.inconclusive")).to_have_text("claim INCONCLUSIVE")
