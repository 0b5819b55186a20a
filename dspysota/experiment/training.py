"""Who trains the weights of a plan's model, and where there is room for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from dspysota.catalog import template_path
from dspysota.experiment.plan import Plan
from dspysota.serving import Endpoint, evict_idle, exclusive
from dspysota.training import LoraTrainer


def trainer(plan: Plan, server: Endpoint, leave: Callable[[], None]) -> LoraTrainer | None:
    """Who trains the plan's model; None where its weights are not here. `leave` ends our use of its server."""
    if plan.spec is None or plan.weights is None:
        return None

    @contextmanager
    def room() -> Iterator[None]:
        # The server holds most of a GPU's memory. Nobody else measures on the cores meanwhile.
        leave()
        evict_idle()
        with exclusive(server):
            yield

    return LoraTrainer(
        name=plan.spec.name,
        base=plan.weights,
        chat_template=template_path(plan.spec),
        context_length=server.info.context_length or plan.spec.context_length,
        room=room,
    )
