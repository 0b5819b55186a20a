"""All checks, in the order in which one would cure what they find."""

from __future__ import annotations

import os
from collections.abc import Iterator

from dspysota.doctor import hardware, software, supplies
from dspysota.doctor.finding import Finding, Level
from dspysota.doctor.machine import look

MODELS = ("qwen2.5-coder-0.5b", "qwen2.5-coder-1.5b")
"""What `make evals` serves by default."""
TASKS = ("gsm8k", "hotpotqa")
OF_THE_MACHINE = (
    software.python,
    software.vllm,
    software.torch,
    software.transformers,
    software.dspy,
    hardware.gpu,
    hardware.cores,
    hardware.memory,
    hardware.disk,
    hardware.libraries,
)


def examine() -> Iterator[Finding]:
    """Yield the findings one by one, as they are made; some take seconds."""
    machine = look()
    for check in OF_THE_MACHINE:
        yield check(machine)
    hub = supplies.hub(os.environ)
    yield hub
    yield supplies.index(supplies.configured_index())
    yield supplies.weights(MODELS, weights_present)
    yield supplies.data(os.environ, TASKS, hub_answers=hub.level is Level.OK)


def weights_present(name: str) -> bool:
    """Say whether a model's weights are ready to be served."""
    from dspysota.catalog import find
    from dspysota.models import find_weights

    return find_weights(find(name)) is not None
