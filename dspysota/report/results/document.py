"""The document around the tables: each block stands between two markers, everything else is somebody's prose."""

from __future__ import annotations

import re

from dspysota.errors import ConfigError, RunError

TITLE = "# Results\n\nMeasured, not quoted; 95% intervals in brackets.\n\n"

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,40}")


def begin(name: str = "") -> str:
    """The marker before the block of a name, or before that of none."""
    return f"<!-- {_words('begin', name)}; written by `dspysota results`, do not edit between the markers -->"


def end(name: str = "") -> str:
    """The marker behind it."""
    return f"<!-- {_words('end', name)} -->"


def merged(existing: str | None, body: str, name: str = "") -> str:
    """The document with `body` between the markers of a name; they are appended to a document that has none.

    Prose around the markers, and blocks of other names, survive; everything between them is written anew. Raises
    RunError when only one marker is there, since then nobody knows what may be overwritten, and ConfigError for a name
    that is none.
    """
    if name and not _NAME.fullmatch(name):
        raise ConfigError(
            f"{name!r} is no name for a block; it may have small letters, digits and hyphens, 41 at most."
        )
    block = f"{begin(name)}\n\n{body.strip()}\n\n{end(name)}"
    if existing is None:
        return f"{TITLE}{block}\n"
    begins, ends = _place("begin", name, existing), _place("end", name, existing)
    if begins is None and ends is None:
        return f"{existing.rstrip()}\n\n{block}\n"
    if begins is None or ends is None or ends.start() < begins.start():
        raise RunError(
            f"The document has only one of the markers {begin(name)!r} and {end(name)!r}; restore or delete both."
        )
    return existing[: begins.start()] + block + existing[ends.end() :]


def _words(which: str, name: str) -> str:
    return f"dspysota results: {which} {name}".rstrip()


def _place(which: str, name: str, text: str) -> re.Match[str] | None:
    """A marker, whatever stands in it behind its name."""
    return re.search(rf"<!-- {re.escape(_words(which, name))}(?:;[^>]*)? ?-->", text)
