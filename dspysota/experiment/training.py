"""Who trains the weights of a plan's model, and where there is room for it."""

from __future__ import annotations

from collections.abc import Callable

from dspysota.catalog import template_path
from dspysota.errors import ModelError
from dspysota.experiment.plan import Plan
from dspysota.serving import Endpoint, evict_idle, running
from dspysota.training import LoraTrainer


def trainer(plan: Plan, server: Endpoint, leave: Callable[[], None]) -> LoraTrainer | None:
    """Who trains the plan's model; None where its weights are not here. `leave` ends our use of its server.

    It is our turn all the while: on the CPU nobody else computes. A GPU's memory is another matter, which servers fill.
    """
    if plan.spec is None or plan.weights is None:
        return None

    def room() -> None:
        leave()
        evict_idle()
        held = running() if server.info.backend == "vllm-cuda" else []
        if held:
            raise ModelError(
                f"Training {server.info.name!r} needs the GPU's memory, which {', '.join(held)} hold, and other runs "
                "use them or wait for them; run the cells that train by themselves and without -n, as with "
                "-k bootstrap_finetune. The answers to train on are kept."
            )

    return LoraTrainer(
        name=plan.spec.name,
        base=plan.weights,
        chat_template=template_path(plan.spec),
        context_length=server.info.context_length or plan.spec.context_length,
        room=room,
    )
