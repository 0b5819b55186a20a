"""Checks of what experiments are made from: the hub, the package index, weights and rows."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlsplit, urlunsplit
from urllib.request import Request, urlopen

from dspysota.doctor.finding import Finding, fault, hint, ok

SECONDS = 2.0
"""How long a server may take to answer before it counts as out of reach."""
PYPI = "https://pypi.org/simple"
TRUE = ("1", "on", "true", "yes")
SETTINGS = ("global.index-url", "install.index-url", ":env:.index-url")
"""What pip itself obeys, weakest first."""

Reach = Callable[[str], bool]


def reachable(url: str) -> bool:
    """Ask for the head of one page, through the proxy where one is set; any answer of the server counts."""
    try:
        with urlopen(Request(url, method="HEAD"), timeout=SECONDS):
            return True
    except HTTPError:
        return True
    except (OSError, ValueError):
        return False


def hub(environment: Mapping[str, str], reach: Reach = reachable) -> Finding:
    """Everything has a way without the hub, so that its absence is only a hint."""
    if environment.get("HF_HUB_OFFLINE", "").lower() in TRUE:
        text = "HF_HUB_OFFLINE is set: only small models and the offline rows are to be had."
        return hint("hub", text, "unset HF_HUB_OFFLINE")
    url = environment.get("HF_ENDPOINT", "https://huggingface.co")
    if not reach(url):
        text = f"{bare(url)} does not answer in {SECONDS:.0f} s: only small models and the offline rows are to be had."
        return hint("hub", text, "export HTTPS_PROXY=http://proxy:port, or HF_ENDPOINT=https://a.mirror")
    token = "with" if environment.get("HF_TOKEN") else "without"
    return ok("hub", f"{bare(url)} answers; {token} HF_TOKEN, which gated models need")


def index(url: str, reach: Reach = reachable) -> Finding:
    """The package index that pip would ask brings packages, and the small models' weights."""
    if reach(f"{url.rstrip('/')}/pip/"):
        return ok("index", f"{bare(url)} answers")
    return hint(
        "index", f"{bare(url)} does not answer in {SECONDS:.0f} s: nothing new can be fetched.", "pip config list"
    )


def configured_index() -> str:
    """Ask pip which index it uses; PyPI where nothing else is set."""
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "config", "list"]
    try:
        listed = subprocess.run(command, check=False, capture_output=True, text=True, timeout=20).stdout
    except (OSError, subprocess.TimeoutExpired):
        return PYPI
    settings = dict(line.split("=", 1) for line in listed.splitlines() if "=" in line)
    return next((settings[name].strip("'\"") for name in reversed(SETTINGS) if name in settings), PYPI)


def bare(url: str) -> str:
    """Strip user, password and query from a URL before it is shown."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    return urlunsplit((parts.scheme, f"{host}:{parts.port}" if parts.port else host, parts.path, "", ""))


def weights(names: tuple[str, ...], present: Callable[[str], bool]) -> Finding:
    """Say which of a profile's models are here; the others are fetched when first asked for."""
    missing = [name for name in names if not present(name)]
    if missing:
        return hint("weights", f"not here yet: {', '.join(missing)}.", f"dspysota models pull {' '.join(missing)}")
    return ok("weights", ", ".join(names))


def data(environment: Mapping[str, str], tasks: tuple[str, ...], hub_answers: bool) -> Finding:
    """Say where the rows would come from: a folder of the user's, the hub, or the offline twins."""
    named = environment.get("DSPYSOTA_DATA")
    if named:
        folder = Path(named).expanduser()
        here = [task for task in tasks if (folder / task).is_dir()]
        if not here:
            wanted = ", ".join(tasks)
            return fault("data", f"DSPYSOTA_DATA={named!r} has none of the folders {wanted}.", "unset DSPYSOTA_DATA")
        text = f"{', '.join(here)} from DSPYSOTA_DATA={named!r}"
        return ok("data", text) if len(here) == len(tasks) else hint("data", f"{text} and nothing else.")
    if hub_answers:
        return ok("data", f"{', '.join(tasks)} from the hub")
    return hint("data", "no DSPYSOTA_DATA and no hub: the offline twins are used.", "export DSPYSOTA_DATA=/your/rows")
