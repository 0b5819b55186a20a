"""How a program is prepared: one module per approach. Importing this package imports no DSPy.

An approach is a module with a function `apply(job: Job) -> Outcome`, and with `ASKS_MODEL`, which says whether it asks
the model anything. Programs of those that do are stored, and loaded instead of compiled the next time.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from dspysota.errors import ConfigError

if TYPE_CHECKING:
    from dspysota.approaches.preparing import Prepared, prepare

__all__ = ["Prepared", "names", "prepare"]

_NAMES = ("zero_shot", "few_shot", "bootstrap", "labeled", "random_search", "knn", "ensemble")


def names() -> list[str]:
    """Return the names of the approaches, the simplest first."""
    return list(_NAMES)


def approach(name: str) -> Any:
    """Return the module of an approach. Raises ConfigError naming the valid ones."""
    if name not in _NAMES:
        raise ConfigError(f"There is no approach {name!r}; there are {', '.join(_NAMES)}.")
    return import_module(f"{__name__}.{name}")


def __getattr__(name: str) -> Any:
    """Import a public name on first use (PEP 562)."""
    if name not in {"Prepared", "prepare"}:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.preparing"), name)
