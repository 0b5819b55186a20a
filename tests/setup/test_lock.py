"""requirements/cpu.lock: what is in it, and what must not be."""

import re
import tomllib
from itertools import chain
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
LINES = [line for line in (ROOT / "requirements/cpu.lock").read_text().splitlines() if not line.startswith("#")]
PINS = [Requirement(line) for line in LINES]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PYTHONS = ("3.11", "3.12", "3.13", "3.14")


def canonical(name):
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize("name", ["torch", "torchvision", "torchaudio", "torchcodec", "triton"])
def test_torch_and_its_siblings_are_not_locked(name):
    """torch comes apart; the others would be CUDA builds that break `import transformers.models`."""
    assert name not in {canonical(pin.name) for pin in PINS}


def test_no_cuda_package_is_locked():
    """A CPU environment carries no gigabytes for a GPU."""
    assert not [pin.name for pin in PINS if pin.name.startswith(("nvidia", "cuda"))]


def test_every_line_is_one_exact_version():
    """A lock that leaves a choice is none."""
    assert [str(pin) for pin in PINS if not re.fullmatch(r"==[^*,]+", str(pin.specifier))] == []


def test_the_lock_names_no_path_and_no_address():
    """It is the same wherever it was made."""
    assert not re.search(r"://|file:|/tmp|/home|@", (ROOT / "requirements/cpu.lock").read_text())


@pytest.mark.parametrize("python", PYTHONS)
def test_the_lock_meets_every_requirement_of_the_project(python):
    """Core dependencies and the extras but vllm, on Linux with each supported Python."""
    machine = {"python_version": python, "python_full_version": f"{python}.0", "sys_platform": "linux"}
    machine |= {"platform_machine": "x86_64", "os_name": "posix", "implementation_name": "cpython", "extra": ""}
    pinned = {
        canonical(pin.name): str(pin.specifier)[2:] for pin in PINS if not pin.marker or pin.marker.evaluate(machine)
    }
    extras = PROJECT["optional-dependencies"]
    wanted = [Requirement(line) for line in chain(PROJECT["dependencies"], *(extras[e] for e in extras if e != "vllm"))]
    wanted = [r for r in wanted if not r.marker or r.marker.evaluate(machine)]
    wrong = [str(r) for r in wanted if not r.specifier.contains(pinned.get(canonical(r.name), "0.dev0"))]
    assert wrong == []
