"""What every test finds, however the suite was started."""

import os
import signal

import pytest

from scripts import browser as wanted


@pytest.fixture(scope="session", autouse=True)
def interruptible():
    """A shell starts a command in the background (`make test &`) deaf to SIGINT, and so are its children; not ours."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


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
    from playwright.sync_api import sync_playwright  # late: most tests need no browser

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        yield started
        started.close()
