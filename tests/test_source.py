"""What tells one state of the code from another."""

import shutil
from importlib import util
from pathlib import Path

import dspysota
from dspysota import source

ROOT = Path(dspysota.__file__).parent


def copied(folder):
    """The digest of a copy of the package's sources in `folder`."""
    spec = util.spec_from_file_location("copied_source", folder / "source.py")
    assert spec is not None
    assert spec.loader is not None
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.digest()


def test_a_changed_prompt_or_demonstration_changes_the_digest(tmp_path):
    """A program compiled by other code is another program; a changed report is not."""
    for name in (*source.PACKAGES, "report"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "source.py", tmp_path)

    assert copied(tmp_path) == source.digest()

    (tmp_path / "report" / "html.py").write_text("changed")
    assert copied(tmp_path) == source.digest()

    (tmp_path / "approaches" / "demos" / "gsm8k.yaml").write_text("changed")
    assert copied(tmp_path) != source.digest()
