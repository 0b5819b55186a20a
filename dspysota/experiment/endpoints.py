"""The one place where an experiment gets a running model."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager

from rich.console import Console

from dspysota.experiment.plan import Plan
from dspysota.experiment.progress import Progress
from dspysota.serving import Endpoint, ServerOptions, connect, exclusive, lease

KEY_ENV = "DSPYSOTA_API_KEY"
"""Environment variable with the key of an endpoint for which the profile names none."""


@contextmanager
def endpoint(plan: Plan, progress: Progress) -> Iterator[Endpoint]:
    """The plan's model, running. Others may measure on it, too, unless it is our `turn`.

    A server of our own stays up after the block for the runs to come. Raises ServerError or ConfigError.
    """
    with ExitStack() as stack:
        with progress.aside():
            console = Console(stderr=True, quiet=progress.quiet)
            found = _connect(plan) if plan.weights is None else stack.enter_context(_lease(plan, console))
        yield found


@contextmanager
def turn(server: Endpoint, progress: Progress) -> Iterator[None]:
    """Nobody else measures on a running model until the block ends, so that latency is ours.

    Of our own servers on the CPU: on any of them. Raises ConfigError.
    """
    with ExitStack() as stack:
        with progress.aside():
            stack.enter_context(exclusive(server, console=Console(stderr=True, quiet=progress.quiet)))
        yield


def _lease(plan: Plan, console: Console) -> AbstractContextManager[Endpoint]:
    assert plan.spec is not None
    assert plan.weights is not None
    options = ServerOptions(
        max_model_len=plan.use.max_model_len,
        kv_cache_gib=plan.use.kv_cache_gib,
        eager=plan.use.eager,
        max_num_seqs=max(64, plan.concurrency),
        extra_flags=plan.use.extra_flags,
    )
    return lease(plan.spec, plan.weights.path, plan.weights.digest, options=options, console=console)


def _connect(plan: Plan) -> Endpoint:
    assert plan.use.base_url is not None
    key_env = plan.use.api_key_env or (KEY_ENV if os.environ.get(KEY_ENV) else None)
    return connect(plan.spec or plan.cell.model, plan.use.base_url, key_env, key_required=plan.use.api_key_required)
