"""What became of a program."""

from dataclasses import dataclass
from enum import StrEnum


class Trouble(StrEnum):
    """Why a program did not run to its end."""

    TOO_LONG = "code too long"
    SYNTAX = "syntax error"
    UNSUPPORTED = "unsupported"
    """Python that the sandbox's interpreter does not know, such as `yield`."""
    FORBIDDEN = "forbidden"
    """It asked for a file, the environment, or a module that there is not."""
    TIME = "out of time"
    MEMORY = "out of memory"
    RECURSION = "too deep"
    OUTPUT = "too much output"
    EXCEPTION = "exception"
    """Any other exception of the program's own."""
    CRASH = "crashed"
    """The interpreter's process died."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a program printed, what was shown afterwards, and what stopped it, if anything did."""

    printed: str = ""
    """At most `MAX_PRINTED` characters of standard output; what it printed before the trouble, where there is some."""
    shown: tuple[str, ...] = ()
    """As many texts as expressions were asked for; empty where one has no value, and all of them after trouble."""
    trouble: Trouble | None = None
    message: str = ""
    """One bounded line: Python's name of the exception and its message; hostile text, like all that a model causes."""
    seconds: float = 0.0
    """On the wall, the start of the interpreter included."""
