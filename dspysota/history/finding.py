"""Which run folder a name means."""

from __future__ import annotations

import os
from pathlib import Path

from dspysota.errors import ConfigError
from dspysota.store.folder import LATEST, NAME
from dspysota.store.reading import RUN_FILE, resolved
from dspysota.untrusted import quoted

SHOWN = 5
"""Names of a message; of more it says how many."""


def names(out: Path) -> list[str]:
    """Names of the run folders of a reports folder, the newest first."""
    found = (path for path in out.iterdir() if NAME.fullmatch(path.name)) if out.is_dir() else ()
    return sorted((path.name for path in found if path.is_dir() and not path.is_symlink()), reverse=True)


def find(text: str, out: Path) -> Path:
    """The run folder that `text` names: a name in `out`, as much of its beginning as no other has, `latest`, or a path.

    Raises ConfigError naming what there is.
    """
    known = names(out)
    if text in known:
        return out / text
    if text == LATEST:
        return _latest(out, known)
    path = Path(text).expanduser()
    if os.sep in text or path.exists():
        return _at(path, text)
    fitting = [name for name in known if text and name.startswith(text)]
    if len(fitting) == 1:
        return out / fitting[0]
    if fitting:
        raise ConfigError(f"{quoted(text)!r} fits {len(fitting)} run folders: {_list(fitting)}. Write more of it.")
    raise ConfigError(f"There is no run {quoted(text)!r} in {str(out)!r}; {_there(known)}.")


def inside(path: Path, out: Path) -> str:
    """The name of a folder that is one of the run folders of `out` itself. Raises ConfigError."""
    if NAME.fullmatch(path.name) and path.is_dir() and not path.is_symlink() and _same(path.parent, out):
        return path.name
    raise ConfigError(
        f"{str(path)!r} is no run folder of {str(out)!r}, and nothing else is deleted; `dspysota runs list` shows "
        "which there are, and --out names another reports folder."
    )


def _latest(out: Path, known: list[str]) -> Path:
    name = os.path.basename(os.path.realpath(resolved(out / LATEST)))
    if name in known:
        return out / name
    if known:  # never pointed anywhere, or at what is gone
        return out / known[0]
    raise ConfigError(f"There is no run in {str(out)!r} yet; `pytest evals` makes one.")


def _at(path: Path, text: str) -> Path:
    folder = resolved(path)
    if folder.is_symlink():  # latest, as a rule
        folder = folder.parent / os.readlink(folder)
    if not (folder / RUN_FILE).is_file():
        raise ConfigError(f"{quoted(text)!r} is no run folder: it has no {RUN_FILE}.")
    return folder


def _same(one: Path, other: Path) -> bool:
    return os.path.realpath(one) == os.path.realpath(other)


def _list(known: list[str]) -> str:
    more = f" and {len(known) - SHOWN} more" if len(known) > SHOWN else ""
    return ", ".join(known[:SHOWN]) + more


def _there(known: list[str]) -> str:
    return f"there are {_list(known)}" if known else "there is none yet: `pytest evals` makes one"
