"""The results document: blocks of tables, each under a name of its own, among somebody's prose."""

from __future__ import annotations

import re

from dspysota.errors import ConfigError
from dspysota.report.block import Block

TITLE = "# Results\n\nMeasured, not quoted; 95% intervals in brackets."

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,40}")


def block(name: str = "") -> Block:
    """The block of a name, or the one of none. Raises ConfigError for a name that is none."""
    if name and not _NAME.fullmatch(name):
        raise ConfigError(
            f"{name!r} is no name for a block; it may have small letters, digits and hyphens, 41 at most."
        )
    return Block("dspysota results", "dspysota results", name)


def merged(existing: str | None, body: str, name: str = "") -> str:
    """The document with `body` in the block of a name, as `Block.put` does it; None is a document not yet begun.

    Raises RunError when only one of the block's markers is there, and ConfigError for a name that is none.
    """
    return block(name).put(TITLE if existing is None else existing, body)
