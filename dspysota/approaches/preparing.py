"""From the name of an approach to a program that can be asked: compiled now, or loaded where it was compiled before."""

import json
import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from typing import Any

import dspy
from rich.console import Console

from dspysota import paths, source, tasks
from dspysota.approaches import approach
from dspysota.compiling import saved
from dspysota.compiling.budget import Price
from dspysota.compiling.job import Job, Outcome, make_job
from dspysota.compiling.progress import Progress
from dspysota.compiling.tape import Tape
from dspysota.errors import ConfigError
from dspysota.profiles import Optimize
from dspysota.programs import create
from dspysota.records import Budget, CompileInfo, Example, Usage
from dspysota.tasks import Splits
from dspysota.tasks.base import digest


@dataclass(frozen=True)
class Prepared:
    """A program ready to be asked, and what it took to prepare it."""

    module: dspy.Module
    info: CompileInfo


@dataclass(frozen=True, kw_only=True)
class Teacher:
    """Another model than the program's own, which teaches and proposes; `digest` is that of its weights."""

    name: str
    digest: str
    open: Callable[[], AbstractContextManager[Any]]
    """Gives its SeededLM while it is needed: where a stored program fits, no server is started for it."""


@dataclass(frozen=True, kw_only=True)
class Effort:
    """How a program may be searched for, and what may be spent on it."""

    optimize: Optimize = field(default_factory=Optimize)
    teacher: Teacher | None = None
    prices: Mapping[str, Price] = field(default_factory=dict)
    """By the models' names."""
    model_name: str = ""
    """The name of the program's own model, for prices and messages; its served name where there is none."""


def prepare(  # noqa: PLR0913  everything that decides the program, all but its approach by keyword
    name: str,
    *,
    task_name: str,
    program_name: str,
    data: Splits,
    metric: Callable[[Example, str | None, str], Mapping[str, float]],
    lm: Any,
    adapter_name: str,
    seed: int,
    concurrency: int,
    cache_key: Mapping[str, str],
    effort: Effort | None = None,
    use_cache: bool = True,
    progress: bool = True,
    context_length: int | None = None,
) -> Prepared:
    """Prepare a program by the approach of that name; `data.train` is asked, by `data.validation` it is chosen.

    `metric` is the task's own score. `cache_key` holds what else decides the outcome, above all the digest of the
    model's weights. With `use_cache` a program compiled before under the same key is loaded, and a compilation that was
    interrupted goes on with what it had paid for; without, it is compiled anew and replaces the one kept. One during
    whose compilation requests failed is not kept. `context_length` is in tokens. Raises ConfigError for an unknown
    name or setting, ProgramError when the program cannot be prepared, kept or loaded, DataError where it demonstrates a
    validation or test question.
    """
    chosen, effort, primary = approach(name), effort or Effort(), tasks.get(task_name).primary
    optimize = effort.optimize
    _check_priced(effort)
    fields: dict[str, Any] = {
        "task": task_name,
        "program": program_name,
        "adapter_name": adapter_name,
        "train": data.train[: optimize.train],
        "validation": data.validation[: optimize.validation],
        "score": lambda example, prediction, output: metric(example, prediction, output)[primary],
        "settings": optimize.settings.get(name, {}),
        "seed": seed,
        "concurrency": concurrency,
        "context_length": context_length,
    }
    parts = {"given": dict(cache_key), "approach": name, **_parts(lm, effort, fields)}
    key = saved.key_of({**parts, "budget": optimize.budget.model_dump(mode="json")} if chosen.ASKS_MODEL else parts)
    kept = saved.load(key) if use_cache and chosen.ASKS_MODEL else None
    if kept is not None:
        return _ready(chosen, fields, data, kept[0], kept[1].model_copy(update={"reused": True}))
    # Without the budget in its name: a search that a small one ended goes on where it was when it is given more.
    path = paths.tapes_dir() / f"{saved.key_of(parts)[:32]}.jsonl" if chosen.ASKS_MODEL else None
    if path is not None and not use_cache:
        path.unlink(missing_ok=True)
    with ExitStack() as stack:
        tape = stack.enter_context(Tape(path, optimize.budget, concurrency=concurrency, prices=effort.prices))
        teacher = effort.teacher if chosen.ASKS_MODEL else None
        job = make_job(
            lm=lm,
            model_name=effort.model_name,
            tape=tape,
            teacher=stack.enter_context(teacher.open()) if teacher else None,
            teacher_name=teacher.name if teacher else None,
            progress=Progress(Console(file=sys.stderr) if progress else None),
            **fields,
        )
        outcome = chosen.apply(job)
        state = saved.state_of(outcome.module)
        info = _info(outcome, state, job, optimize, teacher)
        # With requests that failed, others might have been found than on a good day: the program is for this run only.
        if chosen.ASKS_MODEL and not tape.unlucky:
            saved.save(key, parts, state, info)
            tape.close(remove=info.stopped is None)
    return _ready(chosen, fields, data, state, info)


def _check_priced(effort: Effort) -> None:
    """Raise ConfigError where dollars are to be counted of a model without a price: an unknown price is not zero."""
    names = [effort.model_name, *([effort.teacher.name] if effort.teacher else [])]
    unpriced = [name for name in names if name not in effort.prices]
    if effort.optimize.budget.usd is not None and unpriced:
        raise ConfigError(
            f"The budget is in US dollars, and {unpriced[0]!r} has no price; give it one in the profile: "
            f"models: {{{unpriced[0]}: {{price: {{prompt: 0.1, completion: 0.1}}}}}}, in dollars per million tokens."
        )


def _info(outcome: Outcome, state: str, job: Job, optimize: Optimize, teacher: Teacher | None) -> CompileInfo:
    phases = job.tape.phases()
    usage = Usage()
    for phase in phases:
        usage = usage + phase.usage
    spent = [phase.usd for phase in phases]
    return CompileInfo(
        program_digest=saved.digest_of(state),
        calls=sum(phase.calls for phase in phases),
        usage=usage,
        usd=sum(usd for usd in spent if usd is not None) if None not in spent else None,
        seconds=job.tape.seconds if phases else 0.0,
        sessions=job.tape.sessions,
        phases=phases,
        budget=optimize.budget if phases else Budget(),
        stopped=job.tape.stopped,
        validation_score=outcome.validation_score,
        validation_rows=len(job.validation) if outcome.validation_score is not None else 0,
        candidates=outcome.candidates,
        teacher=teacher.name if teacher else None,
        notes=outcome.notes,
    )


def _ready(chosen: Any, fields: Mapping[str, Any], data: Splits, state: str, info: CompileInfo) -> Prepared:
    """Make the program from its state, also when it was compiled just now: fresh and reused ones cannot differ.

    Raises DataError where it shows a question that is held out.
    """
    # A program of several, such as an ensemble, is built by its approach, which knows its parts from the state.
    blank = getattr(chosen, "blank", lambda task, program, state: create(task, program))
    module = blank(fields["task"], fields["program"], state)
    saved.restore(module, state)
    demos = [demo for predictor in module.predictors() for demo in predictor.demos]
    tasks.check_disjoint(data, (str(demo["question"]) for demo in demos if "question" in demo))
    return Prepared(module, info)


def _parts(lm: Any, effort: Effort, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return what determines a program besides its approach, the model's weights, and the budget."""
    student = create(fields["task"], fields["program"])
    return {
        "task": fields["task"],
        "program": fields["program"],
        "adapter": fields["adapter_name"],
        "model": str(getattr(lm, "model", "")),
        "sampling": json.loads(json.dumps(getattr(lm, "kwargs", {}), default=str)),
        "teacher": {"name": effort.teacher.name, "digest": effort.teacher.digest} if effort.teacher else None,
        "train": digest(fields["train"]),
        "validation": digest(fields["validation"]),
        "start": saved.digest_of(saved.state_of(student)),
        "settings": dict(fields["settings"]),
        "seed": fields["seed"],
        "context_length": fields["context_length"],
        "dspy": dspy.__version__,
        "code": source.digest(),
    }
