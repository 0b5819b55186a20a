"""Options: three names each, in a fixed order of precedence, and a plain word when one is wrong."""

import pytest

from dspysota.plugin import options
from tests.plugin.projects import EVALS, PROFILE, write_rows

pytest_plugins = ["pytester"]

FLAGS = [option.flag for option in options.OPTIONS]
VALUES = {
    "--sota-profile": ("smoke", "embedded", "mine"),
    "--sota-limit": ("1", "2", "3"),
    "--sota-data": ("a", "b", "c"),
    "--sota-out": ("a", "b", "c"),
    "--sota-base-url": ("http://a/v1", "http://b/v1", "http://c/v1"),
}


def option(flag):
    return next(option for option in options.OPTIONS if option.flag == flag)


def test_help_names_each_option_its_variable_and_its_ini_name(installed):
    """`pytest --help` is enough to find all three names of every option."""
    text = installed.runpytest_inprocess("--help").stdout.str()

    missing = [name for one in options.OPTIONS for name in (one.flag, one.env, one.ini) if name not in text]
    assert [] == missing


@pytest.mark.parametrize("flag", VALUES)
def test_the_command_line_goes_before_the_environment_and_this_before_the_ini_file(installed, flag):
    """Of several given values the nearest to the user's hands counts, and each says where it came from."""
    first, second, third = VALUES[flag]
    environ = {option(flag).env: second}
    installed.makeini(f"[pytest]\n{option(flag).ini} = {third}\n")
    bare, full = installed.parseconfig(), installed.parseconfig(flag, first)

    found = [
        options.given(full, flag, environ),
        options.given(bare, flag, environ),
        options.given(bare, flag, {}),
    ]

    assert [first, second, third] == [given.value for given in found]
    assert [flag, option(flag).env, option(flag).ini] == [given.name for given in found]


@pytest.mark.parametrize("flag", ["--sota-no-cache", "--sota-recompile"])
@pytest.mark.parametrize("value", [False, True])
def test_a_switch_is_off_until_given(installed, flag, value):
    """A switch takes no value; in the environment and the ini file it is a word."""
    given = options.given(installed.parseconfig(*[flag] * value), flag, {})

    assert value == options.switch(given)
    assert options.switch(options.given(installed.parseconfig(), flag, {option(flag).env: "yes"}))


@pytest.mark.parametrize("flag", FLAGS)
def test_defaults_apply_where_nothing_is_given(installed, flag):
    """Without any value the default counts, and an empty variable is none."""
    given = options.given(installed.parseconfig(), flag, {option(flag).env: ""})

    assert option(flag).default == given.value
    assert "default" == given.origin


@pytest.mark.parametrize(
    "arguments,parts",
    [
        (["--sota-limit", "ten"], ["--sota-limit", "'ten'", "whole number"]),
        (["--sota-limit", "0"], ["'0'"]),
        (["--sota-data", "nowhere"], ["--sota-data", "'nowhere'", "gsm8k/"]),
        (["--sota-data", "empty"], ["'empty'", "hotpotqa/"]),
        (["--sota-base-url", "localhost:80"], ["--sota-base-url", "http://"]),
        (["--sota-profile", "smok"], ["--sota-profile", "'smok'", "sums"]),
        (["--sota-profile", "./no.yaml"], ["'./no.yaml'"]),
        (["--sota-profile", "bad"], ["cells[0].task", "'gsm9k'", "gsm8k"]),
    ],
)
def test_a_bad_value_is_answered_with_the_valid_ones(installed, arguments, parts):
    """A wrong option ends pytest with its usage exit code and one sentence, never with a traceback."""
    (installed.path / "empty").mkdir()
    folder = installed.path / "fixtures" / "profiles"
    folder.mkdir(parents=True)
    (folder / "sums.yaml").write_text(PROFILE)
    (folder / "bad.yaml").write_text("name: bad\ncells: [{task: gsm9k, model: phi-2, approach: zero_shot}]\n")

    result = installed.runpytest_inprocess(*arguments)

    assert pytest.ExitCode.USAGE_ERROR == result.ret
    for part in parts:
        assert part in result.stderr.str()
    assert "Traceback" not in result.stderr.str()


def test_a_bad_variable_disturbs_only_tests_that_use_it(installed, monkeypatch):
    """A variable set for another project leaves ordinary tests alone, and is named by those that need it."""
    monkeypatch.setenv("DSPYSOTA_LIMIT", "ten")
    installed.makepyfile(test_plain="def test_plain(): pass")

    assert pytest.ExitCode.OK == installed.runpytest_inprocess().ret

    installed.makepyfile(test_sums=EVALS)
    (installed.path / "fixtures" / "profiles").mkdir(parents=True)
    (installed.path / "fixtures" / "profiles" / "embedded.yaml").write_text(PROFILE)
    result = installed.runpytest_inprocess()

    result.stdout.fnmatch_lines(["*DSPYSOTA_LIMIT is 'ten'*"])
    result.stdout.no_fnmatch_line("*INTERNALERROR*")


def test_relative_folders_start_where_they_were_written(installed, monkeypatch):
    """What the command line says is relative to the user's folder; what the ini file says, to the project's."""
    from dspysota.plugin.session import SotaSession

    write_rows(installed.path / "rows")
    installed.makeini("[pytest]\nsota_data = rows\nsota_out = kept\n")
    inside = installed.mkdir("inside")
    monkeypatch.chdir(inside)

    settings = SotaSession(installed.parseconfig("--rootdir", str(installed.path))).settings
    assert (installed.path / "rows", installed.path / "kept") == (settings.data, settings.out)
    settings = SotaSession(installed.parseconfig("--sota-data", "../rows", "--sota-out", "here")).settings
    assert (inside / "../rows", inside / "here") == (settings.data, settings.out)


@pytest.mark.parametrize("flag", ["--sota-data", "--sota-reference"])
def test_a_folder_that_moves_pytests_rootdir_is_refused_with_the_cure(nested, flag):
    """Pytest takes it for a folder of tests, before it knows our options, and finds no ini file and no profile.

    Every test would be skipped, and nothing would be red.
    """
    result = nested.runpytest_inprocess("test_plain.py", flag, "../rows")

    assert pytest.ExitCode.USAGE_ERROR == result.ret
    [told] = [line for line in result.stderr.lines if "rootdir" in line]
    for part in (f"behind {flag}", f"{nested.path}'", f"{nested.path / 'project'}'", f"write {flag}=../rows"):
        assert part in told


@pytest.mark.parametrize(
    "arguments",
    [
        ["--sota-data=../rows"],
        ["--sota-data", "mine"],
        ["--sota-data", "../rows", "-c", "pytest.ini"],
        ["--sota-data", "../rows", "--rootdir", "."],
        ["--sota-out", "../not-there-yet"],
        ["--sota-rule", "accuracy:-2pp," * 500 + "f1:off", "--sota-out", "../rows/../kept"],
    ],
)
def test_a_folder_that_moves_nothing_is_taken(nested, arguments):
    """Written in one word, inside the project, or where the user says which project it is."""
    assert pytest.ExitCode.OK == nested.runpytest_inprocess("test_plain.py", *arguments).ret


@pytest.fixture
def nested(installed, monkeypatch):
    """A project inside another one, which has rows."""
    (installed.path / "pyproject.toml").write_text('[project]\nname = "outer"\nversion = "0"\n')
    project = installed.mkdir("project")
    (project / "pytest.ini").write_text("[pytest]\n")
    (project / "test_plain.py").write_text("def test_plain(): pass\n")
    for folder in (installed.path / "rows", project / "mine"):
        write_rows(folder)
    monkeypatch.chdir(project)
    return installed
