"""How a server of our own is started."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dspysota.errors import ConfigError

OURS = ("--model", "--served-model-name", "--host", "--port", "--api-key", "--max-model-len", "--max-num-seqs")
"""Flags that `extra_flags` may not repeat: the manager sets them, or keeps them off the command line."""

SECRET = frozenset({"key", "token", "secret", "password", "passwd", "credential", "credentials", "authorization"})
"""A flag whose last word is one of these holds what every user of the machine could read on a command line.

The last word alone, since a flag is refused by it: `--ssl-keyfile` and `--max-num-batched-tokens` hold no secret. What
is shown in reports is hidden by a wider rule.
"""
SECRETS = ("--api-key", "--hf-token")
"""Those that vLLM has: it takes any beginning of a flag for the flag."""


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
        ConfigError: a number is out of range, or `extra_flags` sets what the manager sets, or holds a secret.
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
            _check_flag(re.split(r"[=\s]", flag)[0])


def _check_flag(name: str) -> None:
    if not name.startswith("--"):
        return  # a flag's value, or one in a single letter, none of which is ours or secret
    plain = name.replace("_", "-")
    if plain.rpartition("-")[2].lower() in SECRET or _begins(plain, SECRETS):
        raise ConfigError(
            f"extra_flags may not contain {name!r}: it holds a secret, and every user of this machine can read a "
            "command line. The manager makes the server's key itself; weights are fetched with HF_TOKEN of the "
            "environment."
        )
    if _begins(plain, OURS):
        raise ConfigError(f"extra_flags may not contain {name!r}: the server manager sets it.")


def _begins(plain: str, flags: tuple[str, ...]) -> bool:
    return len(plain) > len("--") and any(flag.startswith(plain) for flag in flags)
