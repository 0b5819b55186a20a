"""A small project that uses dspysota: rows, a profile, tests, and a fake server that can add."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import dspysota

MODEL = "smollm2-135m"
HOME = Path(dspysota.__file__).parents[1]
ENVIRONMENT = ("DSPYSOTA_", "PYTEST_ADDOPTS", "GITHUB_STEP_SUMMARY")

PROFILE = """
name: sums
seed: 0
concurrency: 4
models:
  smollm2-135m: {}
thresholds:
  any: {errors: 0}
cells:
  - {task: gsm8k, model: smollm2-135m, approach: [zero_shot, few_shot]}
"""

EVALS = """
import pytest

@pytest.mark.sota(task="gsm8k")
def test_gsm8k(sota, cell):
    run = sota.run(cell)
    assert run >= sota.threshold(cell, run)
"""


def install(site, monkeypatch):
    """Make the plugin known the way an installed wheel does: by an entry point, found through PYTHONPATH."""
    info = site / f"dspysota-{dspysota.__version__}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: dspysota\nVersion: {dspysota.__version__}\n")
    (info / "entry_points.txt").write_text("[pytest11]\ndspysota = dspysota.plugin\n")
    for name in [name for name in os.environ if name.startswith(ENVIRONMENT)]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(map(str, (site, HOME))))
    monkeypatch.syspath_prepend(site)


def question(first, second):
    return f"Ann has {first} apples and gets {second} more. How many has she now?"


def row(first, second):
    return {"question": question(first, second), "answer": f"{first}+{second}\n#### {first + second}"}


def write_rows(folder, *, test=10, train=10):
    """GSM8K files of sums; training and test rows differ in their first number."""
    (folder / "gsm8k").mkdir(parents=True)
    splits = {"train": [row(1, n) for n in range(train)], "test": [row(2, n) for n in range(test)]}
    for name, rows in splits.items():
        text = "".join(json.dumps(one) + "\n" for one in rows)
        (folder / "gsm8k" / f"{name}.jsonl").write_text(text)
    return folder


def added(messages):
    """The right answer to every question of `write_rows`."""
    first, second = map(int, re.findall(r"has (\d+) apples and gets (\d+) more", messages[-1]["content"])[-1])
    return f"That makes {first + second}.\n#### {first + second}"


def asked(server):
    """The test questions that the server was asked, without warm-up and without training questions."""
    texts = [request.question for request in server.requests if request.body["max_tokens"] > 1]
    numbers = [re.findall(r"has 2 apples and gets (\d+) more", text)[-1:] for text in texts]
    return sorted(int(found) for numbers_of in numbers for found in numbers_of)


class Project:
    """A folder with a profile, rows and tests, and the command that measures them."""

    def __init__(self, pytester, base_url):
        self.path = pytester.path
        self._pytester = pytester
        self.tests(EVALS)
        self.profile(PROFILE)
        write_rows(self.path / "data")
        self.arguments = ["--sota-profile", "sums", "--sota-data", "data", "--sota-base-url", base_url]

    def tests(self, text):
        self._pytester.makepyfile(test_sums=text)

    def profile(self, text):
        path = self.path / "fixtures" / "profiles" / "sums.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def run(self, *arguments):
        return self._pytester.runpytest_subprocess(*self.arguments, *arguments, timeout=120)

    def start(self, *arguments):
        """The same command in the background; what it prints is in `output`."""
        command = [sys.executable, "-m", "pytest", *self.arguments, *arguments]
        with (self.path / "output.txt").open("wb") as output:
            return subprocess.Popen(command, stdout=output, stderr=output, start_new_session=True)

    @property
    def output(self):
        return (self.path / "output.txt").read_text()

    @property
    def folders(self):
        return sorted(path for path in (self.path / "reports").iterdir() if path.is_dir() and not path.is_symlink())

    @property
    def latest(self):
        return self.path / "reports" / "latest"

    def cases(self, folder=None):
        """Every case of a finished folder."""
        lines = ((folder or self.latest) / "cases.jsonl").read_text().splitlines()
        return [json.loads(line)["case"] for line in lines]

    def manifest(self, folder=None):
        return json.loads(((folder or self.latest) / "run.json").read_text())
