"""One cell of the grid becomes one run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from dspysota import approaches, loop, programs
from dspysota.errors import ServerError
from dspysota.experiment import provenance
from dspysota.experiment.endpoints import endpoint
from dspysota.experiment.plan import TEMPERATURE, Plan
from dspysota.experiment.progress import Progress
from dspysota.experiment.settings import Settings
from dspysota.loop import Evaluation
from dspysota.records import Answer, CompileInfo, Example, Failure, Run, RunInfo
from dspysota.serving import Endpoint
from dspysota.store import Journal, RunFolder

if TYPE_CHECKING:
    from dspysota.approaches import Prepared  # importing it imports DSPy
    from dspysota.approaches.preparing import Effort

UNREACHABLE = frozenset({Failure.SERVER_ERROR, Failure.TIMEOUT, Failure.REFUSED})
"""Failures after which asking all questions would be pointless."""


@dataclass(frozen=True)
class Ready:
    """A prepared program on a running model."""

    server: Endpoint
    compile: CompileInfo
    warm_up_requests: int
    solve: Callable[[Example], Answer]


def measure(
    plan: Plan, settings: Settings, folder: RunFolder, progress: Progress, since: datetime | None = None
) -> Run:
    """Ask all questions of a plan that its journal does not hold yet, score them, and store the run.

    A program stored before `since` is compiled anew. Cases that another program of the plan has answered, before it
    was lost or compiled anew, belong to no run any more: their journal is dropped.
    Raises SotaError when the model cannot be served or the program not be prepared; trouble with single questions is
    recorded in their cases.
    """
    with ready(plan, settings, progress, since) as prepared:
        info = _info(plan, prepared, settings)
        _drop_others(plan, info.key, folder)
        evaluation = _evaluate(plan, prepared, folder.journal(info.key, info), progress)
    times = {"wall_seconds": evaluation.wall_seconds, "sessions": evaluation.sessions}
    run = Run(info=info.model_copy(update=times), cases=evaluation.cases)
    folder.save_run(run)
    return run


def _drop_others(plan: Plan, key: str, folder: RunFolder) -> None:
    if others := set(folder.unfinished()) - {key}:
        for run in folder.runs():
            if run.info.key in others and plan.made(run):
                folder.drop(run.info.key)


def rehearse(plan: Plan, settings: Settings, progress: Progress) -> Evaluation:
    """Ask all questions of a plan and score them, and store nothing. Raises SotaError as `measure` does."""
    with ready(plan, settings, progress) as prepared:
        return _evaluate(plan, prepared, None, progress)


@contextmanager
def ready(plan: Plan, settings: Settings, progress: Progress, since: datetime | None = None) -> Iterator[Ready]:
    """The plan's program, prepared and warmed up, on its model, which is ours alone in the block. Raises SotaError."""
    with endpoint(plan, progress) as server:
        prepared = _prepare(plan, server, settings, progress, since)
        requests = _warm_up(plan, server, prepared)
        # One connection a thread that will ask: there are never more than rows.
        lm = _lm(plan, server, at_once=min(plan.concurrency, len(plan.rows)))
        solve = programs.make_solver(prepared.module, lm, plan.cell.adapter)
        yield Ready(server, prepared.info, requests, solve)


def _lm(plan: Plan, server: Endpoint, *, max_tokens: int | None = None, at_once: int | None = None) -> Any:
    return programs.make_lm(
        server.base_url,
        server.served_name,
        server.api_key,
        temperature=TEMPERATURE,
        max_tokens=max_tokens or plan.task.max_tokens,
        stop=plan.stop,
        seed=plan.seed,
        concurrency=at_once or plan.concurrency,
    )


def _warm_up(plan: Plan, server: Endpoint, prepared: Prepared) -> int:
    """Ask one training question for a single token, so that no test question pays for imports, kernels and templates.

    Returns the number of requests; they are not counted anywhere else. Raises ServerError when there is no answer.
    """
    solve = programs.make_solver(prepared.module, _lm(plan, server, max_tokens=1, at_once=1), plan.cell.adapter)
    answer = solve(plan.data.splits.train[0])
    if answer.failure in UNREACHABLE:
        raise ServerError(f"{server.info.name!r} at {server.base_url} does not answer: {answer.error}")
    return len(answer.calls)


def _prepare(plan: Plan, server: Endpoint, settings: Settings, progress: Progress, since: datetime | None) -> Prepared:
    with progress.aside():
        return approaches.prepare(
            plan.cell.approach,
            task_name=plan.cell.task,
            program_name=plan.cell.program,
            data=plan.data.splits,
            metric=plan.task.score,
            lm=_lm(plan, server),
            adapter_name=plan.cell.adapter,
            seed=plan.seed,
            concurrency=plan.concurrency,
            cache_key=_cache_key(plan, server),
            effort=_effort(plan, progress),
            use_cache=not settings.fresh,
            since=since,
            progress=not progress.quiet,
            context_length=server.info.context_length,
        )


def _effort(plan: Plan, progress: Progress) -> Effort:
    from dspysota.approaches.preparing import Effort, Teacher  # late: it imports DSPy
    from dspysota.compiling.budget import Price

    @contextmanager
    def taught_by(teacher: Plan) -> Iterator[Any]:
        with endpoint(teacher, progress, alone=False) as server:
            yield _lm(teacher, server)

    models = (plan, plan.teacher) if plan.teacher else (plan,)
    prices = {
        each.cell.model: Price(each.use.price.prompt, each.use.price.completion) for each in models if each.use.price
    }
    teacher = plan.teacher
    return Effort(
        optimize=plan.cell.optimize,
        teacher=Teacher(name=teacher.cell.model, digest=teacher.identity, open=lambda: taught_by(teacher))
        if teacher
        else None,
        prices=prices,
        model_name=plan.cell.model,
    )


def _cache_key(plan: Plan, server: Endpoint) -> dict[str, str]:
    """What decides a compiled program besides what the approach sees: the weights, or else the place they are at."""
    return (
        {"weights": plan.weights.digest} if plan.weights else {"endpoint": server.base_url, "model": server.served_name}
    )


def _evaluate(plan: Plan, prepared: Ready, journal: Journal | None, progress: Progress) -> Evaluation:
    name = " · ".join((plan.info.name, plan.cell.id))
    progress.begin(name, len(plan.rows), plan.task.primary)
    try:
        with journal or nullcontext():
            return loop.evaluate(
                prepared.solve,
                plan.rows,
                task_score=plan.task.score,
                primary=plan.task.primary,
                complete=plan.task.complete,
                journal=journal,
                concurrency=plan.concurrency,
                on_case=progress.case,
            )
    finally:
        progress.end()


def _info(plan: Plan, prepared: Ready, settings: Settings) -> RunInfo:
    return RunInfo(
        key=plan.run_key(prepared.compile.program_digest),
        task=plan.cell.task,
        program=plan.cell.program,
        approach=plan.cell.approach,
        adapter=plan.cell.adapter,
        model=prepared.server.info.model_copy(update={"source": plan.weights.source if plan.weights else None}),
        data=plan.info,
        compile=prepared.compile,
        seed=plan.seed,
        sampling={**plan.sampling, "warm_up_requests": prepared.warm_up_requests},
        metrics=plan.task.metrics,
        primary=plan.task.primary,
        metric_version=plan.task.metric_version,
        concurrency=plan.concurrency,
        limit=plan.limit,
        started=datetime.now(UTC).isoformat(timespec="seconds"),
        wall_seconds=0.0,
        versions=provenance.versions(served_here=plan.weights is not None),
        commit=provenance.commit(settings.root),
        machine=provenance.machine(),
    )
