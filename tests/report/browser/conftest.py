"""The report in a real Chromium. Whatever a test does, the page may load nothing, complain of nothing, ask nothing."""

import pytest
from playwright.sync_api import BrowserContext

from dspysota.records import ReferenceCell
from dspysota.report import html
from dspysota.report.meta import ReportMeta, Terms

PATIENCE = 20_000
"""Milliseconds that a page may take for what it was told, on a machine that does much else."""


def terms(task, program):
    cell = ReferenceCell(task=task, model="qwen2.5-coder-1.5b", program=program, approach="zero_shot", adapter="plain")
    return Terms(reference=cell, quality=0.9)


REFERENCES = ReportMeta(command="pytest evals", terms=(terms("gsm8k", "cot"), terms("hotpotqa", "read")))


class Visits:
    """Opens the report of runs from disk, as a person would, and hears what the page says and asks for."""

    def __init__(self, browser, path):
        self.browser, self.path = browser, path
        self.contexts: list[BrowserContext] = []
        self.troubles: list[str] = []
        self.requests: list[str] = []
        self.provoked: list[str] = []
        """Words of the troubles that a test makes on purpose."""

    def __call__(self, runs, meta=REFERENCES, address="", **options):
        """The page; `address` is what follows the file's name."""
        self.path.write_text(html.render(runs, meta), encoding="utf-8", newline="\n")
        context = self.browser.new_context(**options)
        self.contexts.append(context)
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.on("console", lambda one: self.troubles.append(f"{one.type}: {one.text}"))
        page.on("pageerror", lambda one: self.troubles.append(str(one)))
        page.on("dialog", self._dismiss)
        page.on("request", lambda one: self.requests.append(one.url.partition("#")[0]))
        page.goto(self.path.as_uri() + address)
        return page

    def _dismiss(self, dialog):
        self.troubles.append(dialog.message)
        dialog.dismiss()


@pytest.fixture
def visit(browser, tmp_path):
    """Opens reports; afterwards none may have complained, or asked for anything but its own file."""
    visits = Visits(browser, tmp_path / "report.html")
    yield visits
    for context in visits.contexts:
        context.close()
    assert [one for one in visits.troubles if not any(words in one for words in visits.provoked)] == []
    assert set(visits.requests) == {visits.path.as_uri()}
