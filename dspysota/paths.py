"""Where dspysota keeps what it fetched or built. Folders are made by who writes into them, and not by asking here.

<cache home>/models/<name>/       weights ready to be served, one folder a model
<cache home>/downloads/<name>/    parts of a download under way; emptied when the weights are ready
<cache home>/programs/            compiled programs, JSON
<cache home>/tapes/               what unfinished compilations have paid for
<cache home>/servers/             logs and leases of running model servers
<cache home>/history/             what was read of run folders; may be deleted at any time
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import platformdirs

from dspysota.errors import ConfigError


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


def history_dir() -> Path:
    """Indexes of run folders."""
    return cache_home() / "history"


def trouble(folder: Path) -> str | None:
    """Why nothing can be written into `folder`, or made where it is to be; None where it can. Leaves nothing behind."""
    # os.path, since Path.exists raises where a folder above may not be entered.
    nearest = next(path for path in (folder, *folder.parents) if os.path.exists(path))
    try:
        with tempfile.TemporaryFile(dir=nearest):
            return None
    except OSError as error:
        return error.strerror or type(error).__name__


def make(folder: Path, mode: int = 0o777) -> Path:
    """Create a folder below the cache home and return it. Raises ConfigError where nothing can be written into it."""
    why = trouble(folder)
    try:
        folder.mkdir(mode=mode, parents=True, exist_ok=True)
    except OSError as error:
        why = why or error.strerror or type(error).__name__
    if why:
        raise ConfigError(
            f"Nothing can be written into {str(folder)!r} ({why}); set DSPYSOTA_HOME to a folder of yours, which "
            "keeps weights, programs and the state of servers."
        )
    return folder
