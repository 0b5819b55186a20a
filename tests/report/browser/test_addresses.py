"""Addresses that lead to nothing: the page says so, shows everything else, and mends the address."""

import pytest
from playwright.sync_api import expect

from tests.report.browser.test_examples import GRID, choose, hits


@pytest.mark.parametrize(
    "address, unknown, mended",
    [
        ("#run-99-case-1", "run-99-case-1", "#examples"),
        ("#run-1-case-9999", "run-1-case-9999", "#examples"),
        ("#run-99-examples", "run-99-examples", "#examples"),
        ("#examples?task=nonsense", "task=nonsense", "#examples"),
        ("#examples?open=run-99-case-1", "open=run-99-case-1", "#examples"),
        ("#examples?kind=no.such&by=nothing", "kind=no, kind=such, by=nothing", "#examples"),
        ("#examples?run=99&versus=x&beside=77", "run=99, beside=77, versus=x", "#examples"),
    ],
)
def test_a_case_or_a_value_that_is_not_here_is_said_and_the_address_mended(visit, address, unknown, mended):
    """A run, class or case that another report had."""
    page = visit(GRID, address=address)
    expect(page.get_by_role("status")).to_have_text(f"400 of 400 cases; not in this report: {unknown}")
    assert page.evaluate("location.hash") == mended
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_what_is_here_of_an_address_is_kept(visit):
    """The task is known and the run is not; what is said is gone with the next choice."""
    page = visit(GRID, address="#examples?task=gsm8k&run=99")
    expect(page.get_by_role("status")).to_have_text("200 of 400 cases; not in this report: run=99")
    assert page.evaluate("location.hash") == "#examples?task=gsm8k"
    choose(page, task="")
    hits(page, 400)


def test_an_address_followed_later_is_told_as_well(visit):
    """A link to a case that is not there closes the one that is open; another one that is there says nothing."""
    page = visit(GRID, address="#run-1-case-1")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    page.evaluate("location.hash = '#run-1-case-9999'")
    expect(dialog).to_be_hidden()
    expect(page.locator("#hits")).to_have_text("400 of 400 cases; not in this report: run-1-case-9999")
    assert page.evaluate("location.hash") == "#examples"
    page.evaluate("location.hash = '#run-1-case-2'")
    expect(dialog).to_be_visible()
    expect(page.locator("#hits")).to_have_text("400 of 400 cases")


def test_an_address_of_anything_else_is_none_of_the_examples_business(visit):
    """Words that are no address at all say nothing; hostile ones are cut, and stay text."""
    page = visit(GRID, address="#%E0%A4%A")
    hits(page, 400)
    page.evaluate("location.hash = '#examples?task=' + encodeURIComponent('<img src=x>\\u202e' + 'x'.repeat(99))")
    expect(page.locator("#hits")).to_have_text(f"400 of 400 cases; not in this report: task=<img src=x>�{'x' * 43}")
    expect(page.locator("#hits img")).to_have_count(0)
