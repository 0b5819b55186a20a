"""One cell of the grid becomes one run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from dspysota import approaches, programs
from dspysota.errors import LimitReachedError, ServerError
from dspysota.experiment import prices, provenance
from dspysota.experiment.asking import ask, book_of
from dspysota.experiment.counting import counted, kept
from dspysota.experiment.endpoints import endpoint, turn
from dspysota.experiment.limits import Limits, Meter, Questions, check_reported
from dspysota.experiment.plan import TEMPERATURE, Plan
from dspysota.experiment.progress import Progress
from dspysota.experiment.settings import Settings
from dspysota.experiment.training import trainer
from dspysota.experiment.watching import Against, watching
from dspysota.loop import Evaluation
from dspysota.models import Weights
from dspysota.records import Answer, CompileInfo, Example, Failure, Run, RunInfo
from dspysota.serving import Endpoint
from dspysota.store import RunFolder
from dspysota.tasks import Task

if TYPE_CHECKING:
    from dspysota.approaches import Prepared  # importing it imports DSPy
    from dspysota.approaches.preparing import Effort

UNREACHABLE = frozenset({Failure.SERVER_ERROR, Failure.TIMEOUT, Failure.REFUSED})
"""Failures after which asking all questions would be pointless."""


@dataclass(frozen=True)
class Ready:
    """A prepared program on a running model."""

    server: Endpoint
    weights: Weights | None
    """Those that answer; None where an endpoint by URL does."""
    compile: CompileInfo
    warm_up_requests: int
    questions: Questions


def measure(  # noqa: PLR0913  what a run depends on, each of another owner
    plan: Plan,
    settings: Settings,
    folder: RunFolder,
    progress: Progress,
    limits: Limits,
    since: datetime | None = None,
    *,
    against: Against | None = None,
) -> Run:
    """Ask all questions of a plan that its journal does not hold yet, score them, and store the run.

    A program stored before `since` is compiled anew. Cases that another program of the plan has answered, before it
    was lost or compiled anew, belong to no run any more: their journal is dropped. A claim `against` a reference ends
    the run as soon as it is decided; what is stored is then complete, though rows were left out.
    Raises SotaError when the model cannot be served or the program not be prepared, LimitReachedError where a limit of
    the session ended it; trouble with single questions is recorded in their cases.
    """
    with ready(plan, settings, progress, limits, since) as prepared:
        info = _info(plan, prepared, settings)
        _drop_others(plan, info.key, folder)
        watch = watching(against, plan.rows, plan.info.digest, plan.task.primary)
        with book_of(folder, info, asked_twice=plan.ask_twice > 0) as book:
            # A run that goes on was counted in part only: its server may have been another, or others asked it between.
            whole = not book.earlier_sessions
            (evaluation, again), counts = counted(
                prepared.server, lambda: ask(plan, prepared.questions, limits, book, progress, watch), whole=whole
            )
    outcome = {
        "wall_seconds": evaluation.wall_seconds,
        "sessions": evaluation.sessions,
        "watch": watch.record if watch else None,
    }
    run = kept(Run(info=info.model_copy(update=outcome), cases=evaluation.cases, again=again), counts)
    folder.save_run(run)
    if run.ended_early and watch:
        asked, rows = len(run.cases), run.info.data.rows
        progress.say(
            f"ended early: the claim is decided ({watch.record.outcome}) after {asked:,} of {rows:,} questions"
        )
    return run


def _drop_others(plan: Plan, key: str, folder: RunFolder) -> None:
    if others := set(folder.unfinished()) - {key}:
        for run in folder.runs():
            if run.info.key in others and plan.made(run):
                folder.drop(run.info.key)


def rehearse(plan: Plan, settings: Settings, progress: Progress, limits: Limits) -> Evaluation:
    """Ask all questions of a plan and score them, and store nothing. Raises SotaError as `measure` does."""
    with ready(plan, settings, progress, limits) as prepared:
        return ask(plan, prepared.questions, limits, None, progress).evaluation


@contextmanager
def ready(
    plan: Plan,
    settings: Settings,
    progress: Progress,
    limits: Limits,
    since: datetime | None = None,
    *,
    max_tokens: int | None = None,
) -> Iterator[Ready]:
    """The plan's program, prepared and warmed up, on its model, which is ours alone in the block. Raises SotaError.

    It answers within `max_tokens`, by default those of the task.
    """
    limits.check()
    with ExitStack() as ours, ExitStack() as use:
        server = use.enter_context(endpoint(plan, progress))
        ours.enter_context(turn(server, progress))
        limits.check()  # a large model takes minutes to load
        # Training needs the server's memory, and nobody else on the cores.
        prepared = _prepare(plan, server, settings, progress, limits, since, leave=use.close)
        if prepared.weights is not None:
            use.close()
            ours.close()
            plan = replace(plan, weights=prepared.weights)
            server = use.enter_context(endpoint(plan, progress))
            ours.enter_context(turn(server, progress))
        limits.check()
        requests = _warm_up(plan, server, prepared, limits)
        # One connection a thread that will ask: there are never more than rows.
        lm = _lm(plan, server, max_tokens=max_tokens, at_once=min(plan.concurrency, len(plan.rows)))
        solve = _told(plan.task, programs.make_solver(prepared.module, lm, plan.cell.adapter))
        questions = Questions(limits, solve, plan.price, _most(plan, prepared, limits))
        yield Ready(server, plan.weights, prepared.info, requests, questions)


def _told(task: Task, solve: Callable[[Example], Answer]) -> Callable[[Example], Answer]:
    """Answers that tell, besides what the program does, what the task has to say of the example."""

    def told(example: Example) -> Answer:
        answer = solve(example)
        return answer.model_copy(update={"details": {**answer.details, **task.told(example)}})

    return told


def _most(plan: Plan, prepared: Prepared, limits: Limits, *, answer: int | None = None) -> float:
    """US dollars that a question may cost at most, its answers by `answer` tokens or the task's; 0 without a limit."""
    if plan.price is None or limits.usd is None:
        return 0.0
    from dspysota.approaches.rendering import most_tokens  # late: it imports DSPy

    return plan.price.of(*most_tokens(prepared.module, plan.cell.adapter, plan.rows, answer or plan.task.max_tokens))


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


def _warm_up(plan: Plan, server: Endpoint, prepared: Prepared, limits: Limits) -> int:
    """Ask one training question for a single token, so that no test question pays for imports, kernels and templates.

    Returns the number of requests; they are counted nowhere else but in what the session spends. Raises ServerError
    when there is no answer, ConfigError where dollars are limited and the server does not report tokens.
    """
    solve = programs.make_solver(prepared.module, _lm(plan, server, max_tokens=1, at_once=1), plan.cell.adapter)
    meter, aside = Meter(limits), _most(plan, prepared, limits, answer=1)
    if (why := meter.admit(aside)) is not None:
        raise LimitReachedError(why)  # of this run alone: what other workers have set aside may come free
    answer = solve(plan.data.splits.train[0])
    meter.settle(aside, prices.spent(plan.price, answer.calls) or 0.0, 0.0)
    if answer.failure in UNREACHABLE:
        raise ServerError(f"{server.info.name!r} at {server.base_url} does not answer: {answer.error}")
    check_reported(limits, plan.cell.model, answer.calls)
    return len(answer.calls)


def _prepare(  # noqa: PLR0913  all that decides it, and by keyword what training needs
    plan: Plan,
    server: Endpoint,
    settings: Settings,
    progress: Progress,
    limits: Limits,
    since: datetime | None,
    *,
    leave: Callable[[], None],
) -> Prepared:
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
            effort=replace(_effort(plan, progress, limits), trainer=trainer(plan, server, leave)),
            use_cache=not settings.fresh,
            since=since,
            progress=not progress.quiet,
            context_length=server.info.context_length,
        )


def _effort(plan: Plan, progress: Progress, limits: Limits) -> Effort:
    from dspysota.approaches.preparing import Effort, Teacher  # late: it imports DSPy

    @contextmanager
    def taught_by(teacher: Plan) -> Iterator[Any]:
        with endpoint(teacher, progress) as server:
            yield _lm(teacher, server)

    models = (plan, plan.teacher) if plan.teacher else (plan,)
    known = {each.cell.model: each.price for each in models if each.price}
    teacher = plan.teacher
    return Effort(
        optimize=plan.cell.optimize,
        teacher=Teacher(name=teacher.cell.model, digest=teacher.identity, open=lambda: taught_by(teacher))
        if teacher
        else None,
        prices=known,
        model_name=plan.cell.model,
        guard=Meter(limits),
    )


def _cache_key(plan: Plan, server: Endpoint) -> dict[str, str]:
    """What decides a compiled program besides what the approach sees: the weights, or else the place they are at."""
    return (
        {"weights": plan.weights.digest} if plan.weights else {"endpoint": server.base_url, "model": server.served_name}
    )


def _info(plan: Plan, prepared: Ready, settings: Settings) -> RunInfo:
    return RunInfo(
        key=plan.run_key(prepared.compile.identity),
        task=plan.cell.task,
        program=plan.cell.program,
        approach=plan.cell.approach,
        adapter=plan.cell.adapter,
        model=prepared.server.info.model_copy(update={"source": prepared.weights.source if prepared.weights else None}),
        data=plan.info,
        compile=prepared.compile,
        seed=plan.seed,
        own_seed=plan.cell.seed is not None,
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
        role=plan.cell.role,
        prices=plan.prices(),
    )
