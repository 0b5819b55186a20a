"""A virtual environment, its pip, and what can be wrong with them; standard library only."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

from scripts.terminal import Terminal

ROOT = Path(__file__).resolve().parents[1]
PROBE = "import transformers.models.llama.configuration_llama, torch, dspy"


class SetupError(Exception):
    """One sentence for the person at the keyboard, with the cure."""


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

    def compile(self) -> None:
        """Make bytecode of all packages; where PYTHONDONTWRITEBYTECODE is set, no import would ever do so.

        A file that cannot be compiled (some packages carry templates) is nobody's loss.
        """
        sites = [str(site) for site in self.home.glob("lib/python*/site-packages")]
        command = [str(self.python), "-m", "compileall", "-qq", "-j", "0", "-x", "/tests?/", *sites]
        subprocess.run(command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

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
