"""Endpoints: servers of our own that this machine shares, and any OpenAI-compatible URL.

The names are imported when first used, so that the supervisor beside each server stays small.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dspysota.serving.endpoint import Endpoint
    from dspysota.serving.manager import Manager, evict_idle, lease, release, running
    from dspysota.serving.options import ServerOptions
    from dspysota.serving.remote import connect
    from dspysota.serving.turns import exclusive

_HOMES = {
    "Endpoint": "endpoint",
    "Manager": "manager",
    "ServerOptions": "options",
    "connect": "remote",
    "evict_idle": "manager",
    "exclusive": "turns",
    "lease": "manager",
    "release": "manager",
    "running": "manager",
}

__all__ = [
    "Endpoint",
    "Manager",
    "ServerOptions",
    "connect",
    "evict_idle",
    "exclusive",
    "lease",
    "release",
    "running",
]


def __getattr__(name: str) -> Any:
    """Import a public name on first use (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module 'dspysota.serving' has no attribute {name!r}")
    value = getattr(import_module(f"dspysota.serving.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
