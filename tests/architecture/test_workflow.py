"""The workflow that we ship: it parses, it may do little, and every command in it exists."""

import re
import shlex
from pathlib import Path

import pytest
import yaml

from dspysota.cli import parser
from dspysota.gate.rules import parse_all
from dspysota.plugin.options import OPTIONS

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs/workflows/dspysota.yml").read_text()
WORKFLOW = yaml.safe_load(TEXT)
STEPS = [step for job in WORKFLOW["jobs"].values() for step in job["steps"]]
DOCUMENT = (ROOT / "docs/ci.md").read_text()


def commands():
    """Every command line of the workflow, and those that its document shows."""
    shown = re.findall(r"^\$ (.*?)(?:\s+#.*)?$", DOCUMENT, flags=re.MULTILINE)
    return [line for step in STEPS for line in step.get("run", "").splitlines()] + shown


def test_it_may_read_the_repository_and_nothing_else():
    """No secret is used, no credential is left behind, and no job may write."""
    assert WORKFLOW["permissions"] == {}
    assert [job["permissions"] for job in WORKFLOW["jobs"].values()] == [{"contents": "read"}] * 2
    assert "secrets." not in TEXT
    assert "pull_request_target" not in TEXT
    checkouts = [step for step in STEPS if step.get("uses", "").startswith("actions/checkout")]
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


def test_actions_are_pinned():
    """By commit, with the version for the reader."""
    uses = re.findall(r"uses: (.*)", TEXT)

    assert uses
    assert [use for use in uses if not re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", use)] == []


def test_nothing_that_others_write_becomes_a_command():
    """An expression inside `run` would let a pull request's title be one."""
    assert [step["run"] for step in STEPS if "${{" in step.get("run", "")] == []


@pytest.mark.parametrize("line", commands())
def test_its_commands_exist(line):
    """Programs, options, rules, make targets and profiles are known."""
    words = shlex.split(line)
    name = Path(words[0]).name
    if name == "dspysota":
        parser().parse_args(words[1:])
        parse_all([words[place + 1] for place, word in enumerate(words) if word == "--rule"])
    elif name == "make":
        targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)
        assert words[1] in targets
    elif "pytest" in (name, *words[1:3]):
        given = {word.partition("=")[0] for word in words if word.startswith("--")}
        assert given <= {option.flag for option in OPTIONS}
        parse_all([words[place + 1] for place, word in enumerate(words) if word == "--sota-rule"])
        if "--sota-profile" in words:
            profile = words[words.index("--sota-profile") + 1]
            assert (ROOT / f"fixtures/profiles/{profile}.yaml").is_file()
    else:
        assert line in ("python -m pip install --quiet .", "git add reports/baselines/main")
