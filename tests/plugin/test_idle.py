"""Installed beside somebody else's tests, the plugin is not there."""

import pytest

pytest_plugins = ["pytester"]

HEAVY = ("dspy", "litellm", "torch", "vllm", "transformers", "datasets", "scipy", "pydantic")
WATCH = f"""
import sys

def pytest_sessionfinish(session):
    found = sorted(set(sys.modules) & set({HEAVY!r}))
    assert not found, found
    assert "dspysota.plugin" in sys.modules
"""


@pytest.mark.parametrize("workers", [[], ["-n2"]])
def test_nothing_is_imported_or_written_for_other_tests(installed, workers):
    """Without our options and fixture, no library of weight is imported and no file appears."""
    installed.makeconftest(WATCH)
    installed.makepyfile(test_plain="def test_plain(tmp_path): pass")
    mine = {"__pycache__", "conftest.py", "test_plain.py", "stdout", "stderr", "runpytest-0", "runpytest-current"}

    result = installed.runpytest_subprocess("-p", "no:cacheprovider", "-p", "no:benchmark", *workers)

    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*dspysota*==*")
    assert set() == {path.name for path in installed.path.iterdir()} - mine - {".hypothesis"}


def test_a_project_without_profiles_is_told_so(installed):
    """Where no profile exists and none was named, parametrized experiments are skipped with the reason."""
    installed.makepyfile(
        """
        import pytest

        @pytest.mark.sota(task="gsm8k")
        def test_gsm8k(sota, cell):
            raise AssertionError("not to be run")
        """
    )

    result = installed.runpytest_inprocess("-rs")

    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["*profile 'none' has no cell for task='gsm8k'*"])
    assert not (installed.path / "reports").exists()


def test_it_can_be_switched_off(installed):
    """`-p no:dspysota` leaves no option, no fixture and no marker."""
    installed.makepyfile("def test_sota(sota): pass")

    result = installed.runpytest_inprocess("-p", "no:dspysota")

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*fixture 'sota' not found*"])


def test_it_is_loaded_once(installed):
    """The entry point alone registers the plugin, and `--markers` explains its marker."""
    result = installed.runpytest_inprocess("--markers")

    assert 1 == result.stdout.str().count("@pytest.mark.sota(task")
