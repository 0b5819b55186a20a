"""`--sota-mlflow`: logged when the session ends, and never what decides it."""

import pytest

pytest_plugins = ["pytester"]


def stored(folder):
    """Names of the MLflow runs in a folder store."""
    return sorted(path.read_text() for path in folder.rglob("mlflow.runName"))


def test_a_sessions_runs_are_logged_at_its_end(project):
    """To the store named, relative to where the command was typed; without the option nothing is."""
    result = project.run("--sota-mlflow", "tracked")

    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(["logged to MLflow: 2 runs, in the experiment 'dspysota: sums'."])
    (name, *others) = stored(project.path / "tracked")
    assert name == project.folders[0].name
    assert [other.rpartition(" · ")[2] for other in others] == ["few_shot", "zero_shot"]

    result = project.run("--sota-no-cache")
    assert "MLflow" not in result.stdout.str()
    assert not (project.path / "mlruns").exists()


@pytest.mark.parametrize("quiet", [[], ["-q"]])
def test_a_store_that_is_away_changes_no_exit_code(project, quiet):
    """One sentence, with the command that logs the runs later, also under -q."""
    result = project.run("--sota-mlflow", "nonsense://store", *quiet)

    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(["*Nothing more can be logged to MLflow at 'nonsense://store':*dspysota export 2*"])
    assert (project.latest / "report.html").exists()


def test_a_password_on_the_command_line_is_refused(installed):
    """The command is kept in reports; the variable is not."""
    result = installed.runpytest_inprocess("--sota-mlflow", "postgresql://me:hunter2@host/db")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "put it into DSPYSOTA_MLFLOW" in result.stderr.str()
    assert "hunter2" not in result.stderr.str()


def test_an_interrupted_session_is_logged_when_it_ends(project):
    """What is continued would be logged twice."""
    project.tests(
        """
        import pytest

        @pytest.mark.sota(task="gsm8k")
        def test_gsm8k(sota, cell):
            sota.run(cell)
            raise KeyboardInterrupt
        """
    )

    result = project.run("--sota-mlflow", "tracked")

    result.stdout.fnmatch_lines(["nothing was logged to MLflow yet: the command is not finished."])
    assert not (project.path / "tracked").exists()
