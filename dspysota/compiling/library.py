"""The programs in store: listed, found by the beginning of their keys, removed. Imports no DSPy."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from dspysota import paths
from dspysota.compiling import saved, shape
from dspysota.compiling.saved import Meta
from dspysota.errors import ConfigError, ProgramError

SHORTEST = 8
"""Digits of a key that are shown at least."""

_NAME = re.compile(r"[0-9a-f]{32}")
_PREFIX = re.compile(r"[0-9a-f]{1,64}")


@dataclass(frozen=True, kw_only=True)
class Stored:
    """A program in store, or one read from a file."""

    meta: Meta
    state: str
    predictors: dict[str, shape.PredictorState]
    written: datetime
    """When its file was written."""

    @property
    def when(self) -> datetime:
        """When it was compiled; for older entries, which do not say, when it was written."""
        return self.meta.made or self.written

    def part(self, name: str) -> str:
        """Return one of the parts of the key as text, empty where there is none."""
        value = self.meta.parts.get(name)
        return "" if value is None else str(value)

    @property
    def model(self) -> str:
        """The name under which the model was served."""
        return self.part("model").removeprefix("dspysota/")

    @property
    def weights(self) -> str | None:
        """Digest of the model's weights; None for an endpoint that does not say."""
        given = self.meta.parts.get("given")
        weights = given.get("weights") if isinstance(given, dict) else None
        return weights if isinstance(weights, str) else None


@dataclass(frozen=True)
class Damaged:
    """An entry that cannot be read: its folder's name, and a sentence that says why and what cures it."""

    name: str
    why: str


def names() -> list[str]:
    """Return the names of all entries, the damaged ones included: the first 32 digits of their keys."""
    folder = paths.programs_dir()
    return sorted(path.name for path in folder.iterdir() if _NAME.fullmatch(path.name)) if folder.is_dir() else []


def entries() -> tuple[list[Stored], list[Damaged]]:
    """Return the programs in store, newest first, and the entries that cannot be read."""
    sound: list[Stored] = []
    damaged: list[Damaged] = []
    for name in names():
        try:
            sound.append(read(paths.programs_dir() / name))
        except ProgramError as error:
            damaged.append(Damaged(name, str(error)))
    return sorted(sound, key=lambda entry: (entry.when, entry.meta.key), reverse=True), damaged


def read(folder: Path) -> Stored:
    """Return the program in a folder. Raises ProgramError where it is damaged or not whole."""
    found = saved.read(folder)
    if found is None:
        raise ProgramError(
            f"The stored program in {str(folder)!r} is not whole; `dspysota programs rm {folder.name[:12]}`."
        )
    meta, state = found
    try:
        predictors, written = shape.read(state), (folder / "meta.json").stat().st_mtime
    except (OSError, ValueError, RecursionError) as error:
        raise saved.damaged(folder) from error
    return Stored(meta=meta, state=state, predictors=predictors, written=datetime.fromtimestamp(written, UTC))


def match(prefix: str) -> str:
    """Return the name of the only entry whose key begins so. Raises ConfigError where there is none, or several."""
    wanted, known = prefix.lower(), names()
    found = [name for name in known if name.startswith(wanted[:32])] if _PREFIX.fullmatch(wanted) else []
    if len(found) == 1:
        return found[0]
    if not found:
        raise ConfigError(f"No stored program has a key that begins with {prefix!r}; `dspysota programs list`.")
    shown = ", ".join(short(name, known) for name in found[:5])
    raise ConfigError(f"{prefix!r} is the beginning of {len(found)} keys ({shown}, …); give more digits of one.")


def find(prefix: str) -> Stored:
    """Return the only program whose key begins so. Raises ConfigError as `match`, ProgramError where it is damaged."""
    return read(paths.programs_dir() / match(prefix))


def short(name: str, known: Iterable[str]) -> str:
    """Return the beginning of an entry's name that no other of `known` shares, at least eight digits.

    >>> short("abcdefgh12", ["abcdefgh12", "abcdefgh34"]), short("abcdefgh12", [])
    ('abcdefgh1', 'abcdefgh')
    """
    others = [other for other in known if other != name]
    length = SHORTEST
    while length < len(name) and any(other.startswith(name[:length]) for other in others):
        length += 1
    return name[:length]


def remove(name: str) -> int:
    """Delete the entry of that name, and return the bytes that it took. Raises ProgramError where that fails."""
    folder = paths.programs_dir() / name
    try:
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        if folder.is_symlink() or not folder.is_dir():
            folder.unlink()
        else:
            shutil.rmtree(folder)
    except OSError as error:
        raise ProgramError(f"The stored program in {str(folder)!r} cannot be deleted: {error.strerror}.") from error
    return size
