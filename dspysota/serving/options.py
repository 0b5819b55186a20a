"""How a server of our own is started."""

from __future__ import annotations

from dataclasses import dataclass

from dspysota.errors import ConfigError

OURS = ("--model", "--served-model-name", "--host", "--port", "--api-key", "--max-model-len", "--max-num-seqs")
"""Flags that `extra_flags` may not repeat: the manager sets them, or keeps them off the command line."""


@dataclass(frozen=True, kw_only=True)
class ServerOptions:
    """What may be chosen about a server; two leases share one server exactly when all of this is equal.

    Args:
        max_model_len: longest prompt plus answer, tokens; None takes the model's own, at most 8192.
        kv_cache_gib: memory for the key-value cache, GiB (CPU only; a GPU server takes what the card has).
        eager: start without compilation: 33 s instead of 90 or more, decoding about a fifth slower (CPU only).
        max_num_seqs: most requests answered at once.
        extra_flags: further vLLM flags, as on its command line; paths in them absolute.

    Raises:
        ConfigError: a number is out of range, or `extra_flags` sets what the manager sets.
    """

    max_model_len: int | None = None
    kv_cache_gib: int = 2
    eager: bool = True
    max_num_seqs: int = 64
    extra_flags: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        numbers = {
            "max_model_len": self.max_model_len,
            "kv_cache_gib": self.kv_cache_gib,
            "max_num_seqs": self.max_num_seqs,
        }
        for name, value in numbers.items():
            if value is not None and value < 1:
                raise ConfigError(f"{name} is '{value}'; give a whole number of at least 1.")
        for flag in self.extra_flags:
            if flag.split("=")[0] in OURS:
                raise ConfigError(f"extra_flags may not contain {flag.split('=')[0]!r}: the server manager sets it.")
