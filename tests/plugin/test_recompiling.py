"""`--sota-recompile`: programs are compiled anew, once a command, and an interrupted command goes on with them."""

import os
from pathlib import Path

import pytest

from dspysota.cli import main
from dspysota.testing import FakeServer
from tests.plugin.projects import MODEL, Project, added
from tests.plugin.test_continuing import kill, start_and_wait

pytest_plugins = ["pytester"]

PROFILE = """
name: sums
concurrency: 1
models:
  smollm2-135m: {}
cells:
  - {task: gsm8k, model: smollm2-135m, approach: bootstrap}
  - {task: gsm8k, model: smollm2-135m, approach: bootstrap, program: cot+vote2}
"""


@pytest.fixture
def project(installed, server):
    """Two runs with one program, which the model has to find demonstrations for."""
    project = Project(installed, server.base_url)
    project.profile(PROFILE)
    return project


def compiled(server, since=0):
    """How many training questions were asked, warm-up left out."""
    asked = [request for request in server.requests[since:] if request.body["max_tokens"] > 1]
    return sum("has 1 apples" in request.question for request in asked)


def test_programs_are_compiled_anew_once_a_command(project, server):
    """Without the option nothing is compiled twice; with it every program is, by the first run that needs it."""
    project.run().assert_outcomes(passed=2)
    first, before = compiled(server), len(server.requests)
    assert 4 <= first

    project.run("--sota-limit", "3").assert_outcomes(passed=2)
    assert 0 == compiled(server, before)

    before = len(server.requests)
    project.run("--sota-recompile").assert_outcomes(passed=2)
    assert first == compiled(server, before)
    assert [False, True] == sorted(info["compile"]["reused"] for info in project.manifest()["runs"])


def test_workers_share_what_was_compiled_anew(project, server):
    """Under xdist, too, the new program is compiled once, not once a worker."""
    project.run().assert_outcomes(passed=2)
    first, before = compiled(server), len(server.requests)

    project.run("--sota-recompile", "-n2").assert_outcomes(passed=2)

    assert first == compiled(server, before)


def test_an_interrupted_command_goes_on_with_the_program_it_compiled(project, server):
    """The same command compiles nothing twice and loses no case: its cases and its program belong together."""
    project.run("-k", "vote2").assert_outcomes(passed=1)
    first, before = compiled(server), len(server.requests)
    arguments = ["--sota-recompile", "-k", "bootstrap and not vote2"]
    kill(start_and_wait(project, server, before + first + 4, *arguments))
    server.release()

    project.run(*arguments).assert_outcomes(passed=1)

    assert first == compiled(server, before)
    (info,) = project.manifest()["runs"]
    assert (2, 10) == (info["sessions"], len(project.cases()))
    assert 2 == len(project.folders)


def test_cases_of_a_program_that_was_lost_are_in_no_run(project):
    """A run that goes on with another program begins anew; what the earlier one answered is not shown beside it."""
    later: list[str] = []

    def answers(messages):
        # In the second session the first training question is answered wrongly: other demonstrations, other program.
        if later == ["to come"] and "has 1 apples" in messages[-1]["content"]:
            later.append("past")
            return "#### 77"
        return added(messages)

    with FakeServer(answers, name=MODEL) as server:
        project.arguments[-1] = server.base_url
        selection = ["-k", "bootstrap and not vote2"]
        kill(start_and_wait(project, server, 9, *selection))
        server.release()
        later.append("to come")
        (program,) = (path.name for path in (Path(os.environ["DSPYSOTA_HOME"]) / "programs").iterdir())
        assert 0 == main(["programs", "rm", program])

        result = project.run(*selection)

    result.assert_outcomes(passed=1)
    (info,) = project.manifest()["runs"]
    assert (1, 10) == (info["sessions"], len(project.cases()))
    assert 1 == len(project.folders)
    assert 1 == result.stdout.str().count("gsm8k / smollm2-135m / cot")
