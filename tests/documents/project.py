"""A project in which the texts' lines can be typed: this repository's experiments, and what the texts speak of."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from pytest_benchmark.utils import get_machine_id

from dspysota.gate import baselines
from dspysota.store import write_finished
from tests.documents.blocks import ROOT, one
from tests.factories import make_run
from tests.plugin.projects import write_rows

PRICES = "small: {prompt: 0.1, completion: 0.2}\n"
"""The file of prices that two texts name beside a profile."""


def make(folder: Path) -> Path:
    """The project; rows of the user's own lie in it, and beside it where docs/results.md found them."""
    project = folder / "project"
    for name in ("evals", "fixtures"):
        shutil.copytree(ROOT / name, project / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("conftest.py", "pytest.ini", "Makefile"):
        shutil.copy(ROOT / name, project / name)
    (project / "prices.yaml").write_text(PRICES)
    (project / "mine.yaml").write_text(one("README.md", "yaml", "name: mine").text)
    (project / "smallest.yaml").write_text(one("docs/results.md", "yaml", "name: smallest").text)
    for rows in (project / "data", folder / "shared" / "data"):
        write_rows(rows)
    runs = [make_run(), make_run(model_name="qwen2.5-coder-1.5b")]
    earlier = project / "reports" / "20260101T000000Z-0000"
    earlier.mkdir(parents=True)
    write_finished(earlier, runs)
    (project / "reports" / "latest").symlink_to(earlier.name)
    baselines.save(project / "reports", "main", runs, profile=baselines.Profile(profile="embedded"))
    save_benchmark(project)
    return project


def save_benchmark(project: Path) -> None:
    """What an earlier `--benchmark-autosave` left, of another machine."""
    saved = {"machine_info": {"node": "elsewhere"}, "commit_info": {}, "benchmarks": [], "version": "5.2.0"}
    folder = project / ".benchmarks" / get_machine_id()
    folder.mkdir(parents=True)
    (folder / "0001_earlier.json").write_text(json.dumps(saved))


def environment(**more: str) -> dict[str, str]:
    """Ours comes first, and nothing of the caller's decides what is measured."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DSPYSOTA_", "PYTEST_"))}
    return {**kept, "PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1", "COLUMNS": "200", **more}


def run(project: Path, words, **more: str) -> subprocess.CompletedProcess[str]:
    """A pytest session as it was typed in the project."""
    return subprocess.run(
        [sys.executable, "-m", *words, "-p", "no:cacheprovider"],
        cwd=project,
        env=environment(**more),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def collect(project: Path, sessions: Sequence[Mapping[str, object]]) -> list[tuple[int, str]]:
    """What pytest says to each of these command lines when it collects, and runs nothing."""
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("collecting.py"))],
        cwd=project,
        env=environment(),
        input=json.dumps(sessions),
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [(code, said) for code, said in json.loads(done.stdout)]
