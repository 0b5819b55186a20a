"""What models write, in a browser: text, whatever it looks like. And the page without JavaScript."""

import pytest
from playwright.sync_api import expect

from dspysota.records import Run
from dspysota.report.meta import Outcome, ReportMeta
from tests.factories import make_grid, make_info
from tests.report.test_html import HOSTILE, hostile_run

MEGABYTE = "x" * 1_000_000
ACTING = (
    "<script>window.owned = 1</script></script><script>owned = 1</script>]]><!-- --><img src=x onerror='owned=1'>"
    "<svg/onload=owned=1>'\"><iframe srcdoc='<script>parent.owned=1</script>'></iframe>&lt;b&gt;\\u003cb\\u003e${owned}"
)


def opened(page):
    body = page.locator("#example-body")
    expect(body).to_have_attribute("data-shown", "run-1-case-1")
    return body


@pytest.mark.parametrize("kind", [*HOSTILE, "acting"])
def test_hostile_words_are_text_in_list_search_and_example(visit, kind):
    """Questions, answers, messages, names of details, roles, ids, models: nothing of them is executed or loaded."""
    words = HOSTILE.get(kind, ACTING)
    run = hostile_run(words)
    outcome = Outcome(outcome="failed", misses=(words,), test=words)
    page = visit([run], ReportMeta(command=words, title=words, outcomes={run.info.key: outcome}), "#run-1-case-1")
    body = opened(page)
    assert page.evaluate("window.owned") is None
    elements = {name.lower() for name in page.evaluate("[...document.querySelectorAll('body *')].map(e => e.tagName)")}
    assert not elements & {"img", "iframe", "object", "embed", "link", "base"}
    assert page.locator("script:not([type='text/plain'])").count() == 1
    assert body.locator("script, svg, h1, style").count() == 0
    page.keyboard.press("Escape")
    page.get_by_label("Search").fill(words.replace("\x00", "")[:50])
    expect(page.locator("#hits")).to_contain_text("of 2 cases")
    assert page.evaluate("window.owned") is None


@pytest.mark.parametrize("kind", ["script", "closing", "handler", "comment", "entity", "template"])
def test_hostile_words_can_be_read_letter_by_letter(visit, kind):
    """What the model wrote is what is seen."""
    page = visit([hostile_run(HOSTILE[kind])], address="#run-1-case-1")
    expect(opened(page).locator(".t-output pre").first).to_have_text(HOSTILE[kind])


@pytest.mark.parametrize("kind", ["control", "bidi", "surrogate", "separators"])
def test_characters_that_nobody_sees_are_spelled_out(visit, kind):
    """In the data as in the page."""
    page = visit([hostile_run(HOSTILE[kind])], address="#run-1-case-1")
    text = opened(page).locator(".t-output pre").first.inner_text()
    assert "⟨U+" in text
    assert not set(text) & set("\x00\x1b\x07\x85\u202e\u2066\u200f\u061c\u2028\u2029\ufeff\u200b")


def test_a_line_of_a_megabyte_is_cut_and_says_so(visit):
    """20,000 characters of a text are shown, with the number of the others and where they are."""
    run = Run(info=make_info(), cases=hostile_run(MEGABYTE).cases)
    body = opened(visit([run], ReportMeta(command=""), "#run-1-case-1"))
    expect(body.locator(".t-output .cut").first).to_have_text("980,000 more characters are in cases.jsonl.")
    assert len(body.locator(".t-output pre").first.inner_text()) == 20_000


def test_the_policy_forbids_every_other_script_and_markup_from_text(visit):
    """A script that is not ours does not run; text cannot become markup even by a mistake of ours."""
    page = visit(make_grid(cases=2))
    visit.provoked.append("requires 'TrustedHTML' assignment")
    outcome = page.evaluate(
        """() => {
            const said = [];
            document.addEventListener("securitypolicyviolation", (event) => said.push(event.violatedDirective));
            try { document.body.innerHTML = "<b>x</b>"; said.push("markup"); } catch (error) { said.push(error.name); }
            return new Promise((done) => setTimeout(() => done(said)));
        }"""
    )
    assert "TypeError" in outcome
    assert "markup" not in outcome
    policy = page.locator("meta[http-equiv]").get_attribute("content")
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy


def test_without_javascript_some_cases_of_every_run_can_be_read(visit):
    """Failures first, all about them, and where the rest is."""
    grid = make_grid(cases=40)
    page = visit(grid, java_script_enabled=False)
    expect(page.locator("#explorer")).to_be_hidden()
    expect(page.locator("#sample > .lead")).to_contain_text("100 of 400 cases")
    expect(page.locator("#sample > .lead")).to_contain_text("cases.jsonl")
    assert page.locator("#sample .group").count() == len(grid)
    case = page.locator("#run-1-examples .case").first
    case.locator("summary").first.click()
    expect(case.get_by_text("Question", exact=True)).to_be_visible()
    case.locator(".call > summary").click()
    expect(case.locator(".t-output pre")).to_be_visible()
    assert page.locator("#runs .sorts").count() == 0
