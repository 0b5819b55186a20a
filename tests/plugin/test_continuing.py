"""A session that was cut off goes on where it stopped when the same command is given again."""

import os
import signal
from collections import Counter

import psutil
import pytest

from tests.plugin.projects import PROFILE, asked

pytest_plugins = ["pytester"]

CONCURRENCY = 4
SECONDS = 60


def kill(process):
    """SIGKILL, to the process and all it started."""
    for one in [*psutil.Process(process.pid).children(recursive=True), psutil.Process(process.pid)]:
        one.kill()
    process.wait(SECONDS)


def start_and_wait(project, server, requests, *arguments):
    """Begin a session; return once the server has received so many requests and keeps the next ones waiting."""
    held = False

    def enough(fake):
        nonlocal held
        if len(fake.requests) >= requests and not held:
            fake.hold()
            held = True
        return held and fake.in_flight > 0

    process = project.start(*arguments)
    assert server.wait_until(enough, SECONDS), project.output
    return process


@pytest.mark.parametrize("workers", [[], ["-n2"]])
def test_after_sigkill_no_question_is_lost_or_asked_twice(project, server, workers):
    """Only questions in flight at the moment of death are asked again; finished runs are not measured again."""
    process = start_and_wait(project, server, 17, *workers)
    kill(process)
    (folder,) = project.folders
    first = Counter(asked(server))
    server.release()

    result = project.run(*workers)

    result.assert_outcomes(passed=2)
    assert [folder] == project.folders
    assert 20 == len(project.cases())
    assert "finished" == project.manifest()["status"]
    twice = len(asked(server)) - 20
    assert 0 <= twice <= CONCURRENCY * max(1, len(workers) * 2)
    assert sum(first.values()) > twice


def test_after_ctrl_c_the_report_shows_what_there_is(project, server):
    """An interrupted session writes a report, says how to go on, and the same command does."""
    process = start_and_wait(project, server, 6, "-k", "zero_shot")
    os.kill(process.pid, signal.SIGINT)
    process.wait(SECONDS)
    server.release()

    assert "the same command goes on" in project.output
    assert "running" == project.manifest()["status"]
    assert (project.latest / "report.html").exists()

    result = project.run("-k", "zero_shot")
    result.assert_outcomes(passed=1)
    # The line of the run is about all its cases: ten right ones have this interval, the rest alone a wider one.
    result.stdout.fnmatch_lines(["*zero_shot*: 10/10, exact_match 1.000 ?0.722, 1.000?, * q/s, took 0:0*"])
    (info,) = project.manifest()["runs"]
    assert (10, 2) == (len(project.cases()), info["sessions"])
    assert info["server"] is None  # it counted the rest alone
    assert 1 == len(project.folders)


def test_another_command_starts_its_own_folder(project, server):
    """An unfinished folder is only continued by the command that left it."""
    process = start_and_wait(project, server, 4)
    kill(process)
    server.release()

    project.run("--sota-limit", "2").assert_outcomes(passed=2)

    assert 2 == len(project.folders)
    assert 4 == len(project.cases())


def test_a_killed_worker_leaves_the_runs_of_the_others(project, installed):
    """Runs that were complete are in the report, and the folder stays open for the rest."""
    installed.makepyfile(
        test_sums="""
        import os
        import pytest

        @pytest.mark.sota(task="gsm8k")
        def test_gsm8k(sota, cell):
            run = sota.run(cell)
            if cell.approach == "few_shot" and not os.path.exists("died"):
                open("died", "w").close()
                os._exit(9)
        """
    )
    result = project.run("-n2")

    assert 0 != result.ret
    assert "running" == project.manifest()["status"]
    assert (project.latest / "report.html").exists()
    result.stdout.fnmatch_lines(["*zero_shot*", "*the same command goes on*"])

    project.run("-n2").assert_outcomes(passed=2)
    assert 1 == len(project.folders)
    assert "finished" == project.manifest()["status"]


def test_a_model_that_is_not_served_is_no_reason_to_stay_open(project, server):
    """The same command would meet the same server, so it is over, and the next one measures anew in its own folder."""
    project.profile(PROFILE + "  - {task: gsm8k, model: phi-2, approach: zero_shot, role: reference}\n")
    for folders in (1, 2):
        result = project.run("-k", "zero_shot")

        result.assert_outcomes(passed=1, failed=1)
        result.stdout.fnmatch_lines(["*does not serve 'phi-2'; it serves 'smollm2-135m'*"])
        result.stdout.no_fnmatch_line("not finished*")
        assert "finished" == project.manifest()["status"]
        assert folders == len(project.folders)
    assert 10 == len(project.cases())
    assert sorted(2 * list(range(10))) == asked(server)
