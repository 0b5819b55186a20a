"""The README's own path, walked against a fake server: the first experiment, the gate, the claim."""

import pytest

from dspysota import tasks
from dspysota.tasks import DataSource
from dspysota.testing import FakeServer
from tests.documents import project
from tests.documents.blocks import commands, of, one
from tests.plugin.claimed import PROFILE as CLAIMED
from tests.plugin.projects import MODEL

pytest_plugins = ["pytester"]

README = [line for line in commands() if line.where.startswith("README.md")]


def typed(*has):
    """The words of the README's only line that has all of these."""
    (line,) = (line for line in README if all(word in line.words for word in has))
    return line.words


@pytest.fixture(scope="module")
def gold():
    """The right answer to each test question of the twins, by the question."""
    quiet = DataSource(offline=True, announce=lambda _: None)
    found: dict[str, str] = {}
    for name in tasks.names():
        data = tasks.get(name).load(quiet, seed=0)
        found |= {row.question: row.gold for row in data.splits.test}
    return found


@pytest.fixture
def here(tmp_path):
    return project.make(tmp_path)


def right(gold):
    def answer(messages):
        asked = next((q for q in gold if q in messages[-1]["content"]), "")
        return f"Answer: {gold.get(asked, 'unknown')}"

    return answer


def test_the_first_experiment(here, gold):
    """The profile and the command of the README: two cells of twenty questions each, and a report."""
    with FakeServer(right(gold), name=MODEL) as server:
        done = project.run(here, typed("pytest", "mine.yaml"), DSPYSOTA_BASE_URL=server.base_url)
        asked = sum(request.body["max_tokens"] > 1 for request in server.requests)

    assert done.returncode == 0, done.stdout
    assert asked == 40
    assert "report: " in done.stdout
    assert "2 passed" in done.stdout


def test_the_gate(here, gold):
    """Saved, it stays green while nothing changes, and turns red when the answers become worse."""
    save, compare = typed("pytest", "--sota-save", "main"), typed("pytest", "--sota-baseline", "main")
    with FakeServer(right(gold), name=MODEL) as server:
        saved = project.run(here, save, DSPYSOTA_BASE_URL=server.base_url)
        green = project.run(here, compare, DSPYSOTA_BASE_URL=server.base_url)
    with FakeServer("Answer: something else", name=MODEL) as server:
        red = project.run(here, compare, DSPYSOTA_BASE_URL=server.base_url)

    assert (saved.returncode, green.returncode, red.returncode) == (0, 0, 1), saved.stdout + green.stdout + red.stdout
    assert "WORSE" in red.stdout


@pytest.mark.parametrize("name", sorted({block.name for block in of("python") if "sota.claim(" in block.text}))
def test_the_claim(name, claimed):
    """The README's test, as it stands, decides a claim: all right against all right is a PASS."""
    project = claimed(right=40)
    project.profile(CLAIMED)
    project.tests("import pytest\n\n" + one(name, "python", "sota.claim(").text)

    result = project.run()

    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*PASS*"])
