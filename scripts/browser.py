"""Find the browser that the report's tests drive, or fetch one.

Run by `make browser`, and so by `make test`. Chromium is taken from DSPYSOTA_CHROMIUM, else from PATH, else from where
Playwright keeps its own. Where there is none, Debian's package is installed by apt-get, as root, else Playwright's own
browser, which needs no rights.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
"""What Chromium is called on PATH."""


class BrowserError(Exception):
    """There is no browser and none could be fetched; the message says why and what to do."""


def found() -> Path | None:
    """Return the browser's path; None where there is none. Raises BrowserError where DSPYSOTA_CHROMIUM is no file."""
    named = os.environ.get("DSPYSOTA_CHROMIUM")
    if named:
        if not Path(named).is_file():
            raise BrowserError(f"DSPYSOTA_CHROMIUM is {named!r}, where no file is; name Chromium's own, or unset it.")
        return Path(named)
    on_path = next((path for name in NAMES if (path := shutil.which(name))), None)
    return Path(on_path) if on_path else playwrights_own()


def playwrights_own() -> Path | None:
    """Return the browser that `playwright install chromium` fetched; None where there is none, or no Playwright."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return None
    with sync_playwright() as playwright:
        path = Path(playwright.chromium.executable_path)
    return path if path.is_file() else None


def fetch() -> Path:
    """Install a browser and return its path. Raises BrowserError with the last words of what failed."""
    said = []
    for commands in ways():
        for command in commands:
            print(f"  {' '.join(command)}", file=sys.stderr)
            done = subprocess.run(command, check=False, capture_output=True, text=True, env=quiet())
            if done.returncode:
                said.append(f"`{' '.join(command)}` said: {last_words(done.stderr or done.stdout)}")
                break
        path = found()
        if path is not None:
            return path
    raise BrowserError(
        f"There is no Chromium, and none could be fetched. {' '.join(said)} Install Chromium and put it on PATH, name "
        "it in DSPYSOTA_CHROMIUM, or leave the browser's tests out: `make test DSPYSOTA_SKIP_BROWSER=1`."
    )


def ways() -> list[list[list[str]]]:
    """Return the ways to a browser, the better first, each as commands; the next is tried where one brings none."""
    own = [[sys.executable, "-m", "playwright", "install", "chromium"]]
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        return [own]
    install = [apt, "install", "--yes", "--no-install-recommends", "chromium"]
    return [[install], [[apt, "update"], install], own]


def quiet() -> dict[str, str]:
    """Return an environment in which apt-get asks nothing."""
    return {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}


def last_words(text: str) -> str:
    """Return the last line that says something."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "nothing"


def main() -> int:
    """Find or fetch. Returns 0, or 1 when there is still no browser."""
    try:
        if found() is None:
            print("fetching Chromium, which the report's tests drive", file=sys.stderr)
            print(f"  {fetch()}", file=sys.stderr)
    except BrowserError as error:
        print(f"browser: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
