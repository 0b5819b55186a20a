"""Where an MLflow store is."""

from __future__ import annotations

import re
from pathlib import Path

from dspysota.errors import ConfigError

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|databricks$")
_CREDENTIALS = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]*://[^/@]*:[^/@]+@")


def address(text: str, base: Path) -> str:
    """The URI of a store; a path becomes that of a folder, relative to `base`. Raises ConfigError for an empty one.

    >>> address("http://127.0.0.1:5000", Path("/x")), address("mlruns", Path("/x"))
    ('http://127.0.0.1:5000', 'file:///x/mlruns')
    """
    if not text.strip():
        raise ConfigError("The MLflow store has no name; give a URI such as http://127.0.0.1:5000, or a folder.")
    if _SCHEME.match(text):
        return text
    return (base / Path(text).expanduser()).absolute().as_uri()


def secret(uri: str) -> bool:
    """Whether a URI holds a password, which must not stand on a command line that is stored.

    >>> secret("postgresql://me:pw@host/db"), secret("http://host:5000"), secret("http://me@host")
    (True, False, False)
    """
    return bool(_CREDENTIALS.match(uri))
