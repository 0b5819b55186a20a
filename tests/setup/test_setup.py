"""`make setup`: what scripts/setup.py does, with a pip that is a shell script."""

import io
import json
import shutil
import stat
import sys
import time
from pathlib import Path

import pytest

from scripts import setup
from scripts.environment import Environment, SetupError
from scripts.terminal import Terminal

RECORDING_PIP = """#!/bin/sh
echo "$@" >> {calls}
case "$*" in
{cases}
esac
exit 0
"""


@pytest.fixture
def env(tmp_path):
    """An environment whose Python writes down what it is asked and does nothing."""
    made = Environment(tmp_path / "venv", Terminal(io.StringIO()))
    (made.home / "bin").mkdir(parents=True)
    (made.home / "lib" / "python3.11" / "site-packages").mkdir(parents=True)
    (made.home / "bin" / "activate").write_text(f"VIRTUAL_ENV={made.home}")
    return made


def fake_python(env, cases=""):
    env.python.write_text(RECORDING_PIP.format(calls=env.home / "calls", cases=cases))
    env.python.chmod(env.python.stat().st_mode | stat.S_IXUSR)


def calls(env):
    return (env.home / "calls").read_text().splitlines()


def package(env, name, *, finished=True):
    folder = env.home / "lib" / "python3.11" / "site-packages" / f"{name}-1.0.dist-info"
    folder.mkdir()
    if finished:
        (folder / "RECORD").touch()
    return folder


def test_a_finished_setup_is_skipped_in_under_a_second(env, monkeypatch):
    """The second run looks at the stamp and at nothing else."""
    fake_python(env)
    monkeypatch.setattr("sys.argv", ["setup.py", "--venv", str(env.home), "--build", "cpu"])
    env.stamp.write_text(json.dumps({"digest": setup.fingerprint("cpu"), "build": "cpu"}))
    started = time.monotonic()
    assert setup.main() == 0
    assert time.monotonic() - started < 1
    assert not (env.home / "calls").exists()


@pytest.mark.parametrize("stamp", ["", "{", "[]", "null", '{"digest": "another"}'])
def test_a_stamp_that_is_torn_or_of_another_recipe_does_not_count(env, stamp):
    """Only a whole stamp of this very recipe lets a set-up be skipped."""
    fake_python(env)
    env.stamp.write_text(stamp)
    assert not env.is_current("digest")


def test_the_stamp_is_written_last(env, monkeypatch):
    """A set-up that fails in its last step leaves no stamp, and the old one is gone before the first step."""
    fake_python(
        env, '*"import transformers"*) echo "RuntimeError: operator torchvision::nms does not exist" >&2; exit 1;;'
    )
    monkeypatch.setattr(env, "works", lambda: True)
    env.stamp.write_text("{}")
    with pytest.raises(SetupError, match=r"torchvision::nms does not exist. Remove .venv and run `make setup` again"):
        setup.set_up(env, "cpu", "digest")
    assert not env.stamp.exists()


def test_a_cpu_setup_installs_torch_then_the_lock_then_the_project_and_resolves_nothing(env, monkeypatch):
    """Everything goes in with --no-deps: resolving would bring the torchvision that breaks transformers."""
    fake_python(env)
    monkeypatch.setattr(env, "works", lambda: True)
    setup.set_up(env, "cpu", "digest")
    installs = [call for call in calls(env) if " install " in call]
    assert [call.split()[-1] for call in installs] == [
        setup.torch_requirement(),
        str(setup.ROOT / "requirements/cpu.lock"),
        ".",
    ]
    assert all("--no-deps" in call for call in installs)
    assert env.is_current("digest")


def test_torch_comes_from_pytorchs_own_index_when_the_users_has_none(env):
    """The user's index is asked first; PyTorch's own only when pip says that there is no such version."""
    fake_python(env, "*--index-url*) exit 0;; *) echo 'ERROR: No matching distribution found for torch'; exit 1;;")
    setup.install_torch_cpu(env)
    first, second = calls(env)
    assert "--index-url" not in first
    assert f"--index-url {setup.TORCH_INDEX}" in second


def test_another_failure_does_not_send_pip_to_another_index(env):
    """A full disk is a full disk: the message says so and how to cure it."""
    fake_python(env, "*) echo 'ERROR: [Errno 28] No space left on device'; exit 1;;")
    with pytest.raises(SetupError, match=r"No space left on device. Free some disk space, then run `make setup`"):
        setup.install_torch_cpu(env)
    assert len(calls(env)) == 1


def test_torchvision_and_its_siblings_are_removed_where_present(env, monkeypatch):
    """An environment that was resolved by hand is repaired."""
    fake_python(env)
    package(env, "torchvision")
    setup.install_cpu(env)
    assert any(call.endswith("uninstall -y torchvision") for call in calls(env))


def test_bytecode_is_made_even_where_imports_may_not_write_it(env, monkeypatch):
    """With PYTHONDONTWRITEBYTECODE set, as in many container images, every process would compile dspy anew."""
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    env.python.symlink_to(sys.executable)
    module = env.home / "lib" / "python3.11" / "site-packages" / "module.py"
    module.write_text("x = 1")
    env.compile()
    assert list(module.parent.glob("__pycache__/module.*.pyc"))


def test_packages_that_a_killed_pip_left_half_written_are_forgotten(env):
    """pip takes a package without RECORD for installed; without its metadata it installs it anew."""
    half, whole = package(env, "half", finished=False), package(env, "whole")
    (whole.parent / "~orn").mkdir()
    assert env.sweep() == 2
    assert whole.exists()
    assert not half.exists()


def test_an_environment_that_was_moved_does_not_count_as_working(env, tmp_path):
    """Scripts in a virtual environment name its folder, so that a moved one is made anew."""
    fake_python(env, f'*"import pip"*) echo "{sys.version}";;')
    assert env.works()
    moved = Environment(tmp_path / "elsewhere", Terminal(io.StringIO()))
    env.home.rename(moved.home)
    assert not moved.works()


def test_the_gpu_decides_the_build(tmp_path, monkeypatch):
    """A driver that shows a GPU gives CUDA, a driver without one gives CPU."""
    smi = tmp_path / "nvidia-smi"
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    for script, expected in (("echo 'GPU 0: A100'", True), ("echo 'No devices were found'", False), ("exit 9", False)):
        smi.write_text(f"#!/bin/sh\n{script}\n")
        smi.chmod(0o755)
        assert setup.has_nvidia_gpu() is expected


def test_a_disk_too_small_is_refused_before_anything_is_made(tmp_path, monkeypatch):
    """The message says how much is free and how much is needed."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _: type("Usage", (), {"free": 1e9}))
    with pytest.raises(SetupError, match=r"1\.0 GB free and the cpu set-up needs 5"):
        setup.check_room(tmp_path / ".venv", "cpu")


def test_an_unsupported_python_is_named_with_the_cure(monkeypatch, capsys):
    """Neither too old nor too new a Python gives a traceback."""
    monkeypatch.setattr(setup, "PYTHONS", ((4, 0), (4, 1)))
    assert setup.main() == 1
    assert "make setup PYTHON=" in capsys.readouterr().err


def test_an_unknown_build_in_the_environment_names_the_valid_ones(monkeypatch, capsys):
    """DSPYSOTA_BUILD is checked like an option."""
    monkeypatch.setenv("DSPYSOTA_BUILD", "tpu")
    with pytest.raises(SystemExit):
        setup.choose([])
    assert "'tpu'; it may be auto, cpu or cuda" in capsys.readouterr().err


def test_away_from_a_terminal_a_step_is_one_line_at_its_start_and_one_at_its_end():
    """Logs of a CI job hold no cursor movements."""
    stream = io.StringIO()
    terminal = Terminal(stream)
    terminal.begin("a step")
    terminal.say("detail")
    terminal.done()
    assert stream.getvalue().splitlines() == ["  a step …", "  a step: done, 0 s"]


def test_the_log_holds_what_pip_said(env):
    """The terminal shows progress, the log shows everything."""
    fake_python(env, "*) echo 'WARNING: a location is ignored';;")
    env.pip("install", "x")
    assert "WARNING: a location is ignored" in Path(env.log).read_text()
