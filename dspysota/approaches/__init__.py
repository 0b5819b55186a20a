"""How a program is prepared: one module per approach. Importing this package imports no DSPy.

An approach is a module with a function `apply(job: Job) -> Outcome`, and with `ASKS_MODEL`, which says whether it asks
the model anything. Programs of those that do are stored, and loaded instead of compiled the next time. One that does
not choose by validation rows says `SELECTS = False`; one whose programs have another shape than the task's has
`blank(task, fresh, state)`, which builds the module that a state fits, from what `fresh()` returns.

Other distributions add approaches by entry points of the group `dspysota.approaches`: a name, and such a module.

Behind its name may stand a part of what it prepares: `bootstrap:instructions` is its program without demonstrations.
"""

from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any

from dspysota.errors import ConfigError

if TYPE_CHECKING:
    from dspysota.approaches.optimizer import create_optimizer
    from dspysota.approaches.preparing import Prepared, prepare

__all__ = [
    "FORMS",
    "Prepared",
    "approach",
    "create_optimizer",
    "learns",
    "names",
    "origin",
    "prepare",
    "split",
    "trains",
]

GROUP = "dspysota.approaches"
"""The group of entry points by which other distributions add approaches."""

_NAMES = (
    *("zero_shot", "few_shot", "bootstrap", "labeled", "random_search", "knn", "ensemble"),
    *("copro", "mipro", "simba", "gepa", "infer_rules", "bootstrap_finetune"),
)

_HOMES = {"Prepared": "preparing", "create_optimizer": "optimizer", "prepare": "preparing"}

_FIXED = frozenset({"zero_shot", "few_shot"})
"""Approaches whose programs depend on nothing but the task's own texts."""

_TRAINS = frozenset({"bootstrap_finetune"})
"""Approaches that leave the program as it is, and train the weights."""

_PARTS = ("instructions",)

FORMS = "each also with :instructions behind it, for its program without demonstrations"
"""Which expressions there are, for messages that list the approaches."""


def names() -> list[str]:
    """Return the names of the approaches, our own first. Raises ConfigError where two have the same name."""
    return [*_NAMES, *_added()]


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
    if trains(whole):
        raise ConfigError(f"{name!r} is no approach: {whole!r} changes no instructions; take zero_shot.")
    return whole, part


def approach(name: str) -> Any:
    """Return the module of an approach, or of the one that a part is taken of.

    Raises ConfigError naming the valid ones, and where one that another distribution added cannot be used.
    """
    whole, _ = split(name)
    added = _added()
    if whole in added:
        return _loaded(added[whole])
    if whole not in _NAMES:
        raise ConfigError(f"There is no approach {whole!r}; there are {', '.join((*_NAMES, *added))}, {FORMS}.")
    return import_module(f"{__name__}.{whole}")


def learns(name: str) -> bool:
    """Return whether training rows or chance have a say in what an approach prepares, as far as its name tells.

    >>> learns("few_shot"), learns("labeled")
    (False, True)
    """
    return split(name)[0] not in _FIXED


def trains(name: str) -> bool:
    """Return whether an approach trains the model's weights.

    >>> trains("bootstrap"), trains("bootstrap_finetune")
    (False, True)
    """
    return name in _TRAINS


def origin(name: str) -> str:
    """Return the distribution that added an approach, with its version; "" for our own."""
    return _told(point) if (point := _added().get(name)) else ""


def _added() -> dict[str, EntryPoint]:
    """Return the entry points of other distributions by name, sorted. Raises ConfigError where a name is taken."""
    found: dict[str, EntryPoint] = {}
    owners = dict.fromkeys(_NAMES, "dspysota itself")
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        if point.name in owners:
            raise ConfigError(
                f"The approach {point.name!r} of {_told(point)} has the name of one of {owners[point.name]}; uninstall "
                "one of the two, or have it renamed."
            )
        found[point.name] = point
        owners[point.name] = _told(point)
    return found


def _loaded(point: EntryPoint) -> Any:
    try:
        module = point.load()
    except Exception as error:
        raise ConfigError(
            f"The approach {point.name!r} of {_told(point)} cannot be imported: {type(error).__name__}: {error}."
        ) from error
    lacking = [name for name in ("ASKS_MODEL", "apply") if not hasattr(module, name)]
    if lacking:
        raise ConfigError(
            f"The approach {point.name!r} of {_told(point)} is {point.value!r}, which has no {' and no '.join(lacking)}"
            "; an approach is a module with ASKS_MODEL and apply(job)."
        )
    return module


def _told(point: EntryPoint) -> str:
    return f"{point.dist.name} {point.dist.version}" if point.dist else point.value


def __getattr__(name: str) -> Any:
    """Import a public name on first use (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
