"""Who is told of the claims that are asserted within a block."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from dspysota.claims.verdict import Verdict

Witness = Callable[[Verdict], Verdict]
"""Called with the verdict of each `run.vs(reference) >= claim`; what it returns is what the comparison gives."""

# A context variable and no argument, because Python's `>=` stands between the two ends.
_WITNESS: ContextVar[Witness | None] = ContextVar("dspysota_claim_witness", default=None)


@contextmanager
def witnessed(witness: Witness) -> Iterator[None]:
    """Tell `witness` of every claim that is asserted within the block."""
    token = _WITNESS.set(witness)
    try:
        yield
    finally:
        _WITNESS.reset(token)


def told(verdict: Verdict) -> Verdict:
    """The verdict as the witness wants it taken; itself without one."""
    witness = _WITNESS.get()
    return verdict if witness is None else witness(verdict)
