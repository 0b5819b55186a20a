"""A small project that claims something: a small model that answers some questions, a large one that can add."""

from __future__ import annotations

import re
from contextlib import ExitStack

from dspysota.testing import FakeServer
from tests.plugin.projects import Project, added, asked, write_rows

SMALL, LARGE = "smollm2-135m", "smollm2-360m"

PROFILE = """
name: sums
seed: 0
concurrency: 4
claim: {quality_ratio: 0.9}
models:
  smollm2-135m: {base_url: "SMALL_URL"}
  smollm2-360m: {base_url: "LARGE_URL"}
cells:
  - {task: gsm8k, model: smollm2-135m, approach: zero_shot}
  - {task: gsm8k, model: smollm2-360m, approach: zero_shot, role: reference}
"""

EVALS = """
import pytest

@pytest.mark.sota(task="gsm8k", role="candidate", against="reference")
def test_claim(sota, cell):
    claim = sota.claim(cell)
    assert sota.versus(cell) >= claim
"""


def wrong_from(first):
    """Answers the questions below this number rightly and the others wrongly."""

    def answer(messages):
        number = int(re.findall(r"gets (\d+) more", messages[-1]["content"])[-1])
        return added(messages) if number < first else "#### 1000000"

    return answer


class Claimed(Project):
    """The project, its two servers, and how often each was asked a test question."""

    def __init__(self, pytester, stack: ExitStack, *, right, rows=40, large=added):
        self.small = stack.enter_context(FakeServer(wrong_from(right), name=SMALL))
        self.large = stack.enter_context(FakeServer(large, name=LARGE))
        super().__init__(pytester, self.small.base_url)
        write_rows(self.path / "rows", test=rows)
        self.arguments = ["--sota-profile", "sums", "--sota-data", "rows"]
        self.tests(EVALS)
        self.profile(PROFILE)

    def profile(self, text):
        urls = {"SMALL_URL": self.small.base_url, "LARGE_URL": self.large.base_url}
        for name, url in urls.items():
            text = text.replace(name, url)
        super().profile(text)

    @property
    def questions(self):
        """How many test questions the small and the large model were asked."""
        return len(asked(self.small)), len(asked(self.large))

    def meta(self, folder=None):
        """What the report knows of the tests."""
        from dspysota.report import load_meta

        return load_meta(folder or self.latest)
