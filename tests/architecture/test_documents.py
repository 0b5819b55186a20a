"""What is written down agrees with what is there."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import dspysota
from dspysota.cli import COMMANDS
from dspysota.plugin.options import OPTIONS

ROOT = Path(__file__).parents[2]
TEXTS = [
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    *sorted(str(p.relative_to(ROOT)) for p in ROOT.glob("docs/**/*.md")),
]


REFERENCE = (ROOT / "docs/options.md").read_text()
"""Where options, variables and commands are looked up."""


def variables():
    """Every environment variable of ours that the code names, those of the options included."""
    texts = [path.read_text() for folder in ("dspysota", "scripts") for path in (ROOT / folder).rglob("*.py")]
    texts += [(ROOT / "Makefile").read_text(), *(option.env for option in OPTIONS)]
    return sorted({name for text in texts for name in re.findall(r"\bDSPYSOTA_[A-Z0-9_]*[A-Z0-9]\b", text)})


@pytest.mark.parametrize("name", [name for option in OPTIONS for name in (option.flag, option.ini)])
def test_every_option_is_documented(name):
    """docs/options.md names each option, and its name in the ini file."""
    assert re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", REFERENCE)


@pytest.mark.parametrize("name", variables())
def test_every_environment_variable_is_documented(name):
    """docs/options.md names each variable that changes what dspysota does."""
    assert re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", REFERENCE)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_documented(name):
    """docs/options.md names each subcommand."""
    assert f"dspysota {name}" in REFERENCE


def test_the_changelogs_top_version_is_the_packages():
    """A release without a word about it is not made."""
    versions = re.findall(r"^## \[(\d+\.\d+\.\d+)\]", (ROOT / "CHANGELOG.md").read_text(), flags=re.MULTILINE)
    assert versions[0] == dspysota.__version__


def test_every_make_target_explains_itself():
    """`make` alone lists every target that can be called."""
    text = (ROOT / "Makefile").read_text()
    phony = re.search(r"^\.PHONY: (.*)$", text, flags=re.MULTILINE)
    assert phony is not None
    explained = set(re.findall(r"^([a-z-]+):[^=].*## \S", text, flags=re.MULTILINE))
    assert set(phony[1].split()) == explained


@pytest.mark.parametrize("name", TEXTS)
def test_links_between_the_texts_lead_somewhere(name):
    """A relative link names a file that exists."""
    links = re.findall(r"\]\((?!https?://|#|mailto:)([^)#\s]+)", (ROOT / name).read_text())
    assert [link for link in links if not ((ROOT / name).parent / link).exists()] == []


def test_the_line_for_a_running_server_asks_one_model_only():
    """A server serves one model as a rule, so a comparison with another one is left out."""
    (line,) = re.findall(r"^\$ (pytest evals --sota-base-url .*?) +#", REFERENCE, flags=re.MULTILINE)

    command = [sys.executable, "-m", *shlex.split(line), "--collect-only", "-q"]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False).stdout
    tests = [name for name in found.splitlines() if "::" in name]
    assert tests
    assert [name for name in tests if "against" in name] == []


@pytest.mark.parametrize("name", [name for name in TEXTS if name.startswith("docs/") and name.count("/") == 1])
def test_every_page_is_found_from_the_readme(name):
    """A page that nothing leads to is read by nobody."""
    assert name in (ROOT / "README.md").read_text()


def test_the_readme_shows_a_report():
    """Its picture is there, and small enough for a page that many load."""
    size = (ROOT / "docs/images/report.png").stat().st_size
    assert 20_000 < size <= 300_000


def test_decisions_are_numbered_without_gaps():
    """One page a decision, each with a number of its own."""
    numbers = sorted(int(path.name[:4]) for path in (ROOT / "docs/adr").glob("*.md"))
    assert numbers == list(range(1, len(numbers) + 1))
