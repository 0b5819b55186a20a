"""What an import costs: the plugin is loaded into every pytest run of every project that has it installed."""

import subprocess
import sys
from importlib.metadata import entry_points

import pytest

HEAVY = ("dspy", "litellm", "torch", "vllm", "transformers", "datasets", "scipy", "numpy", "pandas")


def imported_after(code):
    shown = f"{code}\nimport sys\nprint(*[m for m in {HEAVY!r} if m in sys.modules])"
    run = subprocess.run([sys.executable, "-c", shown], check=True, capture_output=True, text=True)
    return run.stdout.split()


@pytest.mark.parametrize("module", ["dspysota", "dspysota.plugin", "dspysota.records", "dspysota.cli"])
def test_importing_the_front_doors_imports_nothing_heavy(module):
    """Neither DSPy nor torch, vLLM, transformers, datasets or scipy comes with `import dspysota`."""
    assert imported_after(f"import {module}") == []


def test_an_idle_pytest_run_imports_nothing_heavy(tmp_path):
    """In an unrelated project the plugin waits until an option or the fixture asks for it."""
    (tmp_path / "test_unrelated.py").write_text("def test_it(): pass")
    installed = any(point.name == "dspysota" for point in entry_points(group="pytest11"))
    named = [] if installed else ["-p", "dspysota.plugin"]  # naming an installed plugin as well is an error
    arguments = ["-q", *named, "-p", "no:cacheprovider", "--rootdir", str(tmp_path), str(tmp_path)]
    code = f"import pytest\nassert pytest.main({arguments!r}) == 0"
    assert [word for word in imported_after(code) if word in HEAVY] == []


def test_public_names_can_all_be_had_and_no_other():
    """`__all__` tells the truth, and an unknown name is an AttributeError."""
    import dspysota

    assert [name for name in dspysota.__all__ if getattr(dspysota, name, None) is None] == []
    assert not hasattr(dspysota, "no_such_name")
