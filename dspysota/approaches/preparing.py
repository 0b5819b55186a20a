"""From the name of an approach to a program that can be asked: compiled now, or loaded where it was compiled before."""

import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import dspy
from rich.console import Console

from dspysota import paths, tasks
from dspysota.approaches import approach, determining, origin
from dspysota.approaches import split as split_approach
from dspysota.compiling import learning, saved
from dspysota.compiling.budget import Guard
from dspysota.compiling.job import Job, Outcome, make_job
from dspysota.compiling.lesson import Lesson, Trainer
from dspysota.compiling.optimizing import applied
from dspysota.compiling.progress import Progress
from dspysota.compiling.tape import Tape
from dspysota.errors import ConfigError
from dspysota.models import Weights
from dspysota.profiles import Optimize
from dspysota.programs import create, resampled, split
from dspysota.programs.retrieval import naming
from dspysota.records import Budget, CompileInfo, Example, TokenPrice, Usage
from dspysota.tasks import Splits
from dspysota.tasks.base import digest


@dataclass(frozen=True)
class Prepared:
    """A program ready to be asked, and what it took to prepare it."""

    module: dspy.Module
    info: CompileInfo
    weights: Weights | None = None
    """Where they were trained, those that the program is to be asked of."""


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
    prices: Mapping[str, TokenPrice] = field(default_factory=dict)
    """By the models' names."""
    model_name: str = ""
    """The name of the program's own model, for prices and messages; its served name where there is none."""
    guard: Guard | None = None
    """The limits of the session that the compilation is a part of."""
    trainer: Trainer | None = None
    """Who trains the model's weights; None where they are not here."""


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
    since: datetime | None = None,
    keep: bool = True,
    progress: bool = True,
    context_length: int | None = None,
) -> Prepared:
    """Prepare a program by the approach of that name; `data.train` is asked, by `data.validation` it is chosen.

    A program that draws several samples (`cot+vote5`) gets what its base program is prepared to: compiling asks every
    question once, and a base program compiled before is loaded. A part of a program (`bootstrap:instructions`) is taken
    of the whole, which is prepared, or loaded, under its own name.

    `metric` is the task's own score. `cache_key` holds what else decides the outcome, above all the digest of the
    model's weights. With `use_cache` a program compiled before under the same key is loaded, and a compilation that was
    interrupted goes on with what it had paid for; without, it is compiled anew and replaces the one kept. With `since`
    neither counts where it is older than that, so that all who say the same `since` share one new program. One during
    whose compilation requests failed is not kept. Without `keep`, as where the key does not tell `metric`, no program
    is kept or loaded; but an interrupted compilation goes on all the same: what a model says depends on no metric.
    `context_length` is in tokens. Raises ConfigError for an unknown name or setting, ProgramError when the program
    cannot be prepared, kept or loaded, DataError where it demonstrates a validation or test question.
    """
    chosen, effort, (whole, part) = approach(name), effort or Effort(), split_approach(name)
    _check_priced(effort)
    primary, optimize = tasks.get(task_name).primary, effort.optimize
    fields: dict[str, Any] = {
        "task": task_name,
        "program": split(program_name)[0],
        "adapter_name": adapter_name,
        "train": data.train[: optimize.train],
        "validation": data.validation[: optimize.validation],
        "score": lambda example, prediction, output: metric(example, prediction, output)[primary],
        "settings": optimize.settings.get(whole, {}),
        "seed": seed,
        "concurrency": concurrency,
        "context_length": context_length,
        "corpus": naming.corpus(split(program_name)[0], determining.learned_from(data)),
    }
    work = _Work(chosen, lm, effort, fields, Progress(Console(file=sys.stderr) if progress else None), keep)
    weights = None
    if chosen.ASKS_MODEL:
        by = f"{whole} {origin(whole)}".strip()
        given = {"given": dict(cache_key), "approach": by, **determining.retrieval(fields["program"], data)}
        if getattr(chosen, "SELECTS", True):
            given["validation"] = digest(fields["validation"])
        taught = {"name": effort.teacher.name, "digest": effort.teacher.digest} if effort.teacher else None
        parts = {**given, **determining.parts(lm, taught, fields)}
        state, info = work.kept(parts, use_cache, since)
        weights = learning.needed(saved.full_key(parts, optimize.budget), info.training)
    else:
        state, info, _ = work.compiled(Tape(None, Budget(), concurrency=1), None)
    if part is not None:
        chosen, state, info = _without_demonstrations(chosen, whole, fields, state, info)
    module = _module(chosen, program_name, fields, data, state)
    return Prepared(module, info, weights)


@dataclass(frozen=True)
class _Work:
    """One program to be made; `fields` are the job's."""

    chosen: Any
    lm: Any
    effort: Effort
    fields: Mapping[str, Any]
    shown: Progress
    keep: bool

    def kept(self, parts: Mapping[str, Any], use_cache: bool, since: datetime | None) -> tuple[str, CompileInfo]:
        """Return the program's state, loaded or else compiled now and then kept, and what it took."""
        budget = self.effort.optimize.budget
        key = saved.full_key(parts, budget)
        known = saved.load(parts, budget, since) if use_cache and self.keep else None
        if known is not None and learning.whole(key, known[1]):
            return known[0], known[1].model_copy(update={"reused": True})
        # Without the budget in its name: a search that a small one ended goes on where it was when it is given more.
        path = paths.tapes_dir() / f"{saved.key_of(parts)[:32]}.jsonl"
        if not use_cache or _older(path, since):
            path.unlink(missing_ok=True)
        effort, at_once = self.effort, self.fields["concurrency"]
        with Tape(path, budget, concurrency=at_once, prices=effort.prices, guard=effort.guard) as tape:
            with effort.teacher.open() if effort.teacher else nullcontext() as teacher, tape.going_on():
                state, info, lesson = self.compiled(tape, teacher)
            if lesson is not None:
                # After the teacher has left: its server holds memory that training needs.
                info = learning.trained(
                    info, lesson, key, trainer=effort.trainer, tape=tape, guard=effort.guard, shown=self.shown
                )
            # With requests that failed, others might have been found than on a good day: good for this run only.
            if not tape.unlucky:
                if self.keep:
                    saved.save(key, parts, state, info)
                    learning.prune(key, info.training)
                tape.close(remove=info.stopped is None)
        return state, info

    def compiled(self, tape: Tape, teacher: Any) -> tuple[str, CompileInfo, Lesson | None]:
        """Return the program's state, compiled now, what it took, and what the weights are still to be trained on."""
        job = make_job(
            lm=self.lm,
            model_name=self.effort.model_name,
            tape=tape,
            teacher=teacher,
            teacher_name=self.effort.teacher.name if self.effort.teacher else None,
            trainer=self.effort.trainer,
            progress=self.shown,
            **self.fields,
        )
        outcome = applied(self.chosen.apply, job)
        state = saved.state_of(outcome.module)
        return state, _info(outcome, state, job, self.effort), outcome.lesson


def _older(path: Path, since: datetime | None) -> bool:
    """Return whether nothing was added to a tape since then: it is of an earlier search."""
    return since is not None and path.exists() and path.stat().st_mtime < since.timestamp()


def _check_priced(effort: Effort) -> None:
    """Raise ConfigError where dollars are to be counted of a model without a price: an unknown price is not zero."""
    names = [effort.model_name, *([effort.teacher.name] if effort.teacher else [])]
    unpriced = [name for name in names if name not in effort.prices]
    if effort.optimize.budget.usd is not None and unpriced:
        raise ConfigError(
            f"The budget is in US dollars, and {unpriced[0]!r} has no price; give it one in the profile: "
            f"models: {{{unpriced[0]}: {{price: {{prompt: 0.1, completion: 0.1}}}}}}, in dollars per million tokens."
        )


def _info(outcome: Outcome, state: str, job: Job, effort: Effort) -> CompileInfo:
    phases = job.tape.phases()
    usage = Usage()
    for phase in phases:
        usage = usage + phase.usage
    spent = [phase.usd for phase in phases]
    start = saved.state_of(job.student())
    how = naming.identity(job.program)
    return CompileInfo(
        program_digest=saved.digest_of(state),
        unprepared_digest=saved.digest_of(start),
        instructions_digest=saved.digest_of(saved.without_demonstrations(state, start)),
        calls=sum(phase.calls for phase in phases),
        usage=usage,
        usd=sum(usd for usd in spent if usd is not None) if None not in spent else None,
        seconds=job.tape.seconds if phases else 0.0,
        sessions=job.tape.sessions,
        phases=phases,
        budget=effort.optimize.budget if phases else Budget(),
        stopped=job.tape.stopped,
        validation_score=outcome.validation_score,
        validation_rows=len(job.validation) if outcome.validation_score is not None else 0,
        candidates=outcome.candidates,
        teacher=effort.teacher.name if effort.teacher and phases else None,
        notes=(*outcome.notes, *([f"Retrieval: {how}."] if how else [])),
    )


def _without_demonstrations(
    chosen: Any, whole: str, fields: Mapping[str, Any], state: str, info: CompileInfo
) -> tuple[Any, str, CompileInfo]:
    """Return what builds the program's module when its demonstrations are taken out, its state, and what it took.

    What the whole program scored on the validation rows says nothing of this one.
    """
    start = saved.state_of(create(fields["task"], fields["program"], corpus=fields["corpus"]))
    bare = saved.without_demonstrations(state, start)
    changes = {
        "program_digest": saved.digest_of(bare),
        "validation_score": None,
        "validation_rows": 0,
        "candidates": 0,
        "notes": (f"The program of {whole!r} without its demonstrations.", *info.notes),
    }
    return approach("zero_shot") if bare == start else chosen, bare, info.model_copy(update=changes)


def _module(chosen: Any, program: str, fields: Mapping[str, Any], data: Splits, state: str) -> dspy.Module:
    """Make the program from its state, also when it was compiled just now: fresh and reused ones cannot differ.

    Where paragraphs are pooled it searches those of the test rows, as it searched those of the rows it learned from.
    Raises DataError where it shows a question that is held out.
    """

    # A program of several, such as an ensemble, is built by its approach, which knows its parts from the state.
    def fresh() -> dspy.Module:
        return create(fields["task"], fields["program"], corpus=naming.corpus(fields["program"], data.test))

    module = chosen.blank(fields["task"], fresh, state) if hasattr(chosen, "blank") else fresh()
    saved.restore(module, state)
    demos = [demo for predictor in module.predictors() for demo in predictor.demos]
    tasks.check_disjoint(data, (str(demo["question"]) for demo in demos if "question" in demo))
    return resampled(module, fields["task"], program)
