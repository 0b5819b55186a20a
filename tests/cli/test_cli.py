"""The `dspysota` command as a whole."""

import subprocess
import sys

import pytest

from dspysota import __version__
from dspysota.cli import COMMANDS, main
from dspysota.errors import ModelError


def test_version_is_the_packages_own(capsys):
    """`dspysota --version` prints name and version."""
    with pytest.raises(SystemExit) as end:
        main(["--version"])
    assert end.value.code == 0
    assert capsys.readouterr().out == f"dspysota {__version__}\n"


def test_the_module_is_the_command_too():
    """`python -m dspysota`, where no script is on the path."""
    done = subprocess.run([sys.executable, "-m", "dspysota", "--version"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, f"dspysota {__version__}\n")


def test_help_lists_every_command_and_shows_examples(capsys):
    """Whoever types --help sees what there is and how it is typed."""
    with pytest.raises(SystemExit):
        main(["--help"])
    shown = capsys.readouterr().out
    assert all(f"\n    {name} " in shown for name in COMMANDS)
    assert "dspysota models pull" in shown


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command_is_for_reading(command, capsys):
    """A percent sign is one, whatever argparse makes of it."""
    with pytest.raises(SystemExit):
        main([command, "--help"])
    shown = capsys.readouterr().out
    assert f"usage: dspysota {command}" in shown
    assert "%%" not in shown


@pytest.mark.parametrize("words", [[], ["docter"], ["doctor", "--fix"]])
def test_wrong_words_are_answered_with_usage_and_2(words, capsys):
    """argparse's own answer: usage, one sentence, exit status 2."""
    with pytest.raises(SystemExit) as end:
        main(words)
    assert end.value.code == 2
    assert "usage: dspysota" in capsys.readouterr().err


def test_an_error_of_ours_is_one_line_and_2(monkeypatch, capsys):
    """A SotaError carries its message to the person at the keyboard; a traceback would bury it."""
    monkeypatch.setattr("dspysota.cli.doctor.examine", raising(ModelError("No model 'x'. Try `dspysota models list`.")))
    assert main(["doctor"]) == 2
    assert capsys.readouterr().err.splitlines()[-1] == "dspysota: No model 'x'. Try `dspysota models list`."


@pytest.mark.parametrize("words", ["models pull smollm2-135m", "models rm smollm2-135m", "serve smollm2-135m"])
def test_a_cache_home_that_cannot_be_written_is_one_sentence(words, tmp_path, monkeypatch, capsys):
    """Whatever is in the way there, the message names the folder, the reason and the variable that moves it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DSPYSOTA_HOME", str(tmp_path / "file"))
    (tmp_path / "file").write_text("")

    assert main(words.split()) == 2

    said = capsys.readouterr().err.splitlines()[-1]
    assert said.startswith(f"dspysota: Nothing can be written into '{tmp_path / 'file' / 'models'}")
    assert "(Not a directory); set DSPYSOTA_HOME" in said


def test_results_make_no_folder(tmp_path, capsys):
    """A mistyped path would leave folders behind, and the table where nobody looks for it."""
    assert main(["results", str(tmp_path), "--output", str(tmp_path / "dosc" / "results.md")]) == 2
    assert capsys.readouterr().err.startswith(f"dspysota: There is no folder '{tmp_path / 'dosc'}' for 'results.md'")
    assert not (tmp_path / "dosc").exists()


def test_ctrl_c_is_130_without_a_traceback(monkeypatch, capsys):
    """Interrupting is not an error; the shell learns it by 130."""
    monkeypatch.setattr("dspysota.cli.doctor.examine", raising(KeyboardInterrupt()))
    assert main(["doctor"]) == 130
    assert "Traceback" not in capsys.readouterr().err


def test_the_command_starts_without_anything_heavy():
    """`dspysota --help` answers at once: neither dspy nor torch is imported for it."""
    code = (
        "import sys; from dspysota.cli import parser; parser().format_help();"
        "print([m for m in ('dspy', 'litellm', 'torch', 'vllm', 'transformers', 'datasets', 'scipy', 'pytest')"
        " if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert run.stdout == "[]\n"


def raising(error):
    def stub():
        raise error

    return stub
