"""How a program is prepared: one module per approach. Importing this package imports no DSPy.

An approach is a module with a function `apply(job: Job) -> Outcome`, and with `ASKS_MODEL`, which says whether it asks
the model anything. Programs of those that do are stored, and loaded instead of compiled the next time.

Behind its name may stand a part of what it prepares: `bootstrap:instructions` is its program without demonstrations.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from dspysota.errors import ConfigError

if TYPE_CHECKING:
    from dspysota.approaches.preparing import Prepared, prepare

__all__ = ["FORMS", "Prepared", "approach", "names", "prepare", "split"]

_NAMES = ("zero_shot", "few_shot", "bootstrap")

_PARTS = ("instructions",)

FORMS = "each also with :instructions behind it, for its program without demonstrations"
"""Which expressions there are, for messages that list the approaches."""


def names() -> list[str]:
    """Return the names of the approaches, the simplest first."""
    return list(_NAMES)


def split(name: str) -> tuple[str, str | None]:
    """Return the approach of an expression, and the part of its program that is meant; None for all of it.

    The approach is not checked. Raises ConfigError for an unknown part.

    >>> split("bootstrap:instructions"), split("bootstrap")
    (('bootstrap', 'instructions'), ('bootstrap', None))
    """
    whole, colon, part = name.partition(":")
    if not colon:
        return whole, None
    if not whole or part not in _PARTS:
        raise ConfigError(
            f"{name!r} is no approach: behind the name may stand :{' or :'.join(_PARTS)}, once; "
            f"write, for example, '{whole or 'NAME'}:{_PARTS[0]}'."
        )
    return whole, part


def approach(name: str) -> Any:
    """Return the module of an approach, or of one that a part is taken of. Raises ConfigError naming the valid ones."""
    whole, _ = split(name)
    if whole not in _NAMES:
        raise ConfigError(f"There is no approach {whole!r}; there are {', '.join(_NAMES)}, {FORMS}.")
    return import_module(f"{__name__}.{whole}")


def __getattr__(name: str) -> Any:
    """Import a public name on first use (PEP 562)."""
    if name not in {"Prepared", "prepare"}:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.preparing"), name)
