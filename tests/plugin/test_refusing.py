"""What is wrong with a profile, a bar, a key or a folder: said in one sentence, where pytest shows it."""

import pytest

from dspysota.testing import FakeServer
from tests.plugin.projects import MODEL, PROFILE, Project, added

pytest_plugins = ["pytester"]


def test_a_bar_of_a_metric_that_the_task_lacks_is_one_sentence(project, installed):
    """In a profile it is refused before anything is asked; in a test of one's own it fails without a traceback."""
    installed.makepyfile(
        test_sums=f"""
        from dspysota import Threshold

        def test_own(sota):
            assert sota.run(task="gsm8k", model="{MODEL}", rows=2) >= Threshold(f1=0.5)
        """
    )

    result = project.run()

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*ConfigError: Threshold 'f1' does not fit gsm8k, which has no such metric; *"])
    result.stdout.no_fnmatch_line("*thresholds.py*")


@pytest.mark.parametrize(
    "required, key, wanted, said",
    [
        ("false", None, None, "PASS"),
        ("false", None, "sk-1", "refuses us (HTTP 401); its key goes into 'MY_KEY', which is not set."),
        ("false", "sk-1", "sk-1", "PASS"),
        ("true", None, None, "'MY_KEY' is to hold an API key but is not set"),
    ],
)
def test_a_profile_can_say_that_a_key_may_be_missing(installed, monkeypatch, required, key, wanted, said):
    """An unset variable then means that the server wants none; one that does says so, with the variable's name."""
    if key:
        monkeypatch.setenv("MY_KEY", key)
    with FakeServer(added, name=MODEL, api_key=wanted) as server:
        project = Project(installed, "")
        project.arguments = project.arguments[:-2]
        use = f"{{base_url: '{server.base_url}', api_key_env: MY_KEY, api_key_required: {required}}}"
        project.profile(PROFILE.replace("smollm2-135m: {}", f"smollm2-135m: {use}"))
        result = project.run("-k", "zero_shot", "--sota-limit", "2")

    result.assert_outcomes(**{"passed" if said == "PASS" else "failed": 1})
    result.stdout.fnmatch_lines([f"*{said}*"])


def test_a_cache_home_that_cannot_be_written_is_one_sentence_in_pytest_too(project, monkeypatch):
    """Locks of servers are kept there even where the server is somebody else's."""
    (project.path / "file").write_text("")
    monkeypatch.setenv("DSPYSOTA_HOME", str(project.path / "file"))

    result = project.run("-k", "zero_shot")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*ConfigError: Nothing can be written into '*/file/servers/endpoints' (*"])
    result.stdout.no_fnmatch_line("*Traceback*")


def test_a_misspelt_data_name_is_no_passed_bar(project, server):
    """A bar of data that no task has would never be judged: the profile is refused before anything is asked."""
    project.profile(PROFILE.replace("any: {errors: 0}", "gms8k: {accuracy: 1.0}"))

    result = project.run()

    assert 0 != result.ret
    result.stderr.fnmatch_lines(["*thresholds: unknown name 'gms8k'; valid are any, gsm8k, gsm_symbolic, *"])
    assert not server.requests
