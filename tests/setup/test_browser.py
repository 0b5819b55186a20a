"""`make browser`: which browser the report's tests take, with an apt-get and a Playwright that are shell scripts."""

import os
import stat
import sys

import pytest

from scripts import browser


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder that is all of PATH, a machine without Playwright's own browser, and a user who is not root."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("DSPYSOTA_CHROMIUM", raising=False)
    monkeypatch.setattr(browser, "playwrights_own", lambda: None)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    return tmp_path


def program(folder, name, script="exit 0"):
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def becoming(folder, name):
    """Shell that makes an empty program."""
    return f": > {folder}/{name}; /bin/chmod +x {folder}/{name}"


@pytest.mark.parametrize("name", browser.NAMES)
def test_a_browser_on_the_path_is_taken_and_nothing_fetched(place, name, capsys):
    """Whatever it is called there; the second `make browser` is as silent as the first."""
    path = program(place, name)
    assert browser.main() == 0
    assert browser.found() == path
    assert capsys.readouterr().err == ""


def test_the_variable_goes_before_the_path(place, monkeypatch):
    """Whoever names a browser gets that one."""
    program(place, "chromium")
    mine = program(place, "mine")
    monkeypatch.setenv("DSPYSOTA_CHROMIUM", str(mine))
    assert browser.found() == mine


def test_a_variable_that_names_nothing_is_an_error_with_its_value(place, monkeypatch, capsys):
    """A misspelt path does not quietly become another browser."""
    program(place, "chromium")
    monkeypatch.setenv("DSPYSOTA_CHROMIUM", "/no/such/browser")
    assert browser.main() == 1
    assert "DSPYSOTA_CHROMIUM is '/no/such/browser', where no file is" in capsys.readouterr().err


def test_root_gets_the_distributions_package(place, monkeypatch):
    """One apt-get brings it, and Playwright is not asked."""
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    program(place, "apt-get", f'[ "$1" = install ] && {becoming(place, "chromium")}')
    assert browser.fetch() == place / "chromium"


def test_package_lists_that_are_too_old_are_renewed_once(place, monkeypatch, capsys):
    """A fresh container has none: install, update, install."""
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    program(
        place,
        "apt-get",
        f'if [ "$1" = update ]; then : > {place}/lists; exit 0; fi\n'
        f'[ -e {place}/lists ] || {{ echo "E: no such package" >&2; exit 100; }}\n{becoming(place, "chromium")}',
    )
    assert browser.main() == 0
    assert [line.split()[1] for line in capsys.readouterr().err.splitlines() if "apt-get" in line] == [
        "install",
        "update",
        "install",
    ]


def test_others_get_playwrights_own(place, monkeypatch):
    """Without root's rights apt-get is not tried."""
    program(place, "apt-get", "exit 1")
    python = program(place, "python", f'echo "$@" > {place}/asked; {becoming(place, "own")}')
    monkeypatch.setattr(sys, "executable", str(python))
    monkeypatch.setattr(browser, "playwrights_own", lambda: place / "own" if (place / "own").exists() else None)
    assert browser.fetch() == place / "own"
    assert (place / "asked").read_text().split() == ["-m", "playwright", "install", "chromium"]


def test_what_failed_is_said_with_the_ways_out(place, monkeypatch, capsys):
    """The last words of the command, and the three things that help."""
    python = program(place, "python", 'echo "Download failed: no route to host" >&2; exit 1')
    monkeypatch.setattr(sys, "executable", str(python))
    assert browser.main() == 1
    said = capsys.readouterr().err
    assert "Download failed: no route to host" in said
    assert all(way in said for way in ("on PATH", "DSPYSOTA_CHROMIUM", "make test DSPYSOTA_SKIP_BROWSER=1"))
