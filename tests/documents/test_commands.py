"""Every command line in the texts: the program that would read it does, and understands it."""

import re
import shlex
import subprocess
from pathlib import Path

import pytest
import yaml

from dspysota.cli import parser
from tests.documents import project
from tests.documents.blocks import ROOT, Command, blocks, command, commands, of

OTHERS = {
    "source": "of the shell",
    "pip": "not ours; what it installs is not to be fetched here",
    "git": "not ours; what it is to add is made by a line above it",
}
"""Programs that are no business of ours, and why."""


def of_program(*names: str) -> list[Command]:
    return [one for one in commands() if Path(one.words[0]).name in names]


def workflow_commands() -> list[Command]:
    """The command lines of workflows that are shown whole."""
    found = []
    for block in of("yaml"):
        jobs = (yaml.safe_load(block.text) or {}).get("jobs", {})
        lines = [line for job in jobs.values() for step in job["steps"] for line in step.get("run", "").splitlines()]
        found += [command(line, str(block)) for line in lines]
    return found


PYTEST = [*of_program("pytest"), *(one for one in workflow_commands() if Path(one.words[0]).name == "pytest")]
MAKE = [*of_program("make"), *(one for one in workflow_commands() if one.words[0] == "make")]


@pytest.fixture(scope="session")
def here(tmp_path_factory):
    return project.make(tmp_path_factory.mktemp("typed"))


@pytest.fixture(scope="session")
def said(here):
    """What pytest itself says to each of its lines, all asked at once: exit code and output."""
    sessions = [{"words": list(one.words[1:]), "environment": dict(one.environment)} for one in PYTEST]
    return dict(zip(PYTEST, project.collect(here, sessions), strict=True))


@pytest.mark.parametrize("line", PYTEST, ids=str)
def test_pytest_takes_the_line_and_finds_tests(line, said):
    """Options exist, their values are taken, profiles and folders are found, and something is selected."""
    code, text = said[line]

    assert code == 0, text
    assert "::" in text or "tests collected" in text or "--sota-dry-run" in line.words, text


@pytest.mark.parametrize("line", of_program("dspysota"), ids=str)
def test_dspysota_takes_the_line(line):
    """The real parser reads it, every option with its value."""
    assert parser().parse_args(line.words[1:]).run


@pytest.mark.parametrize("line", MAKE, ids=str)
def test_make_knows_the_target(line):
    """make itself says what it would do, and does nothing."""
    done = subprocess.run(
        ["make", "-n", "-C", str(ROOT), *line.words[1:]], capture_output=True, text=True, timeout=60, check=False
    )

    assert done.returncode == 0, done.stderr
    for setting in (word for word in line.words if "=" in word):
        assert re.search(rf"^{setting.partition('=')[0]} *\?=", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)


@pytest.mark.parametrize("line", of_program("python"), ids=str)
def test_python_finds_the_module(line):
    """A script or a benchmark that is named is there."""
    words = line.words[1:]
    name = words[1].replace(".", "/") if words[0] == "-m" else words[0].removesuffix(".py")

    assert any((ROOT / path).is_file() for path in (f"{name}.py", f"{name}/__main__.py"))


@pytest.mark.parametrize("line", of_program("run", "jupyter"), ids=str)
def test_files_that_are_named_are_there(line):
    """.ci/run, and the notebooks."""
    names = [line.words[0]] if line.words[0] != "jupyter" else [word for word in line.words if "ipynb" in word]

    assert names
    assert [name for name in names if not (ROOT / name).is_file()] == []


def test_no_line_is_left_out():
    """Each command line is one of those above, or of a program that is named here with the reason."""
    checked = {*PYTEST, *MAKE, *of_program("dspysota", "python", "run", "jupyter")}
    rest = [one for one in (*commands(), *workflow_commands()) if one not in checked]

    assert [shlex.join(one.words) for one in rest if one.words[0] not in OTHERS] == []


def test_every_shell_block_has_a_command():
    """A block without one would be checked by nobody."""
    with_one = {line.where.rpartition(":")[0] for line in commands()}

    assert {block.name for block in of("console", "sh")} == with_one
    for block in of("console"):
        assert any(line.startswith("$ ") for line in block.text.splitlines()), str(block)


UNREAD = {
    (
        "docs/adr/0001-one-way-flow.md",
        "plugin | cli",
    ): "the layers; import-linter has its own copy",
    ("docs/ci.md", '{"schema": 1'): "the shape of a JSON object, with names in place of values",
    ("docs/options.md", "  gsm_symbolic"): "what a terminal shows; tests/experiment/test_progress.py has the same line",
}
"""Blocks without a language, by their text and first words, and why nothing reads them."""


def test_every_block_has_a_language_that_is_read():
    """Commands, YAML, Python and TOML are read by tests of this folder; anything else says why not."""
    languages = {"console", "sh", "yaml", "python", "toml"}
    others = [one for one in blocks() if one.language not in languages]

    assert [
        str(one) for one in others if not any(one.name == name and one.text.startswith(by) for name, by in UNREAD)
    ] == []
