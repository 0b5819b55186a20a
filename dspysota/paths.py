"""Where dspysota keeps what it fetched or built. Nothing here creates a folder; who writes one does.

<cache home>/models/<name>/       weights ready to be served, one folder a model
<cache home>/downloads/<name>/    parts of a download under way; emptied when the weights are ready
<cache home>/programs/            compiled programs, JSON
<cache home>/tapes/               what unfinished compilations have paid for
<cache home>/servers/             logs and leases of running model servers
"""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs


def cache_home() -> Path:
    """The folder above all others: `DSPYSOTA_HOME` where it is set, else the user's cache folder for dspysota."""
    home = os.environ.get("DSPYSOTA_HOME")
    return Path(home).expanduser().absolute() if home else platformdirs.user_cache_path("dspysota")


def config_dir() -> Path:
    """The user's own settings, such as `dspysota-models.yaml`."""
    return platformdirs.user_config_path("dspysota")


def models_dir() -> Path:
    """Weights ready to be served."""
    return cache_home() / "models"


def downloads_dir() -> Path:
    """Downloads under way."""
    return cache_home() / "downloads"


def programs_dir() -> Path:
    """Compiled programs."""
    return cache_home() / "programs"


def tapes_dir() -> Path:
    """Requests of compilations that have not ended."""
    return cache_home() / "tapes"


def servers_dir() -> Path:
    """Logs and leases of model servers."""
    return cache_home() / "servers"
