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
def endpoint(plan: Plan, progress: Progress, *, alone: bool = True) -> Iterator[Endpoint]:
    """The plan's model, running; `alone`: nobody else measures on it until the block ends, so that latency is ours.

    A server of our own stays up after the block for the runs to come. Raises ServerError or ConfigError.
    """
    with ExitStack() as stack:
        with progress.aside():
            console = Console(stderr=True, quiet=progress.quiet)
            found = _connect(plan) if plan.weights is None else stack.enter_context(_lease(plan, console))
            if alone:
                stack.enter_context(exclusive(found, console=console))
        yield found


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
