"""The report in a real Chromium. Whatever a test does, the page may load nothing, complain of nothing, ask nothing."""

import os

import pytest
from playwright.sync_api import sync_playwright

from dspysota.records import ReferenceCell
from dspysota.report import html
from dspysota.report.meta import ReportMeta, Terms
from scripts import browser as wanted

OPTIONS = ["--no-sandbox", "--disable-gpu"]
PATIENCE = 20_000
"""Milliseconds that a page may take for what it was told, on a machine that does much else."""


def terms(task, program):
    cell = ReferenceCell(task=task, model="qwen2.5-coder-1.5b", program=program, approach="zero_shot", adapter="plain")
    return Terms(reference=cell, quality=0.9)


REFERENCES = ReportMeta(command="pytest evals", terms=(terms("gsm8k", "cot"), terms("hotpotqa", "read")))


@pytest.fixture(scope="session")
def chromium():
    """Path of the browser; without one these tests are skipped, or fail where DSPYSOTA_REQUIRE_BROWSER=1."""
    if os.environ.get("DSPYSOTA_SKIP_BROWSER") == "1":
        pytest.skip("DSPYSOTA_SKIP_BROWSER=1")
    try:
        path, why = wanted.found(), "there is no Chromium: `make browser` fetches one"
    except wanted.BrowserError as error:
        path, why = None, str(error)
    if path is None:
        (pytest.fail if os.environ.get("DSPYSOTA_REQUIRE_BROWSER") == "1" else pytest.skip)(why)
    return path


@pytest.fixture(scope="module")
def browser(chromium):
    """One for the tests of a file: while Playwright runs, nobody else can have an event loop."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=OPTIONS)
        yield started
        started.close()


@pytest.fixture
def visit(browser, tmp_path):
    """Opens the report of runs from disk, as a person would; `address` is what follows the file's name.

    What a test provokes on purpose it names in `visit.provoked`.
    """
    troubles, requests, contexts, provoked = [], [], [], []
    path = tmp_path / "report.html"

    def heard(page):
        page.on("console", lambda one: troubles.append(f"{one.type}: {one.text}"))
        page.on("pageerror", lambda one: troubles.append(str(one)))
        page.on("dialog", lambda one: (troubles.append(one.message), one.dismiss()))
        page.on("request", lambda one: requests.append(one.url.partition("#")[0]))

    def go(runs, meta=REFERENCES, address="", **options):
        path.write_text(html.render(runs, meta), encoding="utf-8", newline="\n")
        contexts.append(browser.new_context(**options))
        contexts[-1].set_default_timeout(PATIENCE)
        contexts[-1].on("page", heard)
        page = contexts[-1].new_page()
        page.goto(path.as_uri() + address)
        return page

    go.provoked = provoked
    yield go
    for context in contexts:
        context.close()
    assert [one for one in troubles if not any(words in one for words in provoked)] == []
    assert set(requests) == {path.as_uri()}
