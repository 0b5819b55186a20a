"""From the name of an approach to a program that can be asked: compiled now, or loaded where it was compiled before."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import dspy
from rich.console import Console

from dspysota import source, tasks
from dspysota.approaches import approach
from dspysota.compiling import saved
from dspysota.compiling.job import Job, Outcome
from dspysota.compiling.progress import Progress
from dspysota.programs.retrieval import naming
from dspysota.records import CompileInfo, Example, Usage
from dspysota.tasks import Splits
from dspysota.tasks.base import digest


@dataclass(frozen=True)
class Prepared:
    """A program ready to be asked, and what it took to prepare it."""

    module: dspy.Module
    info: CompileInfo


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
    use_cache: bool = True,
    progress: bool = True,
    context_length: int | None = None,
) -> Prepared:
    """Prepare a program by the approach of that name; only `data.train` is asked.

    `metric` is the task's own score. `cache_key` holds what else decides the outcome, above all the digest of the
    model's weights. With `use_cache` a program compiled before under the same key is loaded; without, it is compiled
    anew and replaces the one kept. One during whose compilation requests failed is not kept. `context_length` is in
    tokens. Raises ConfigError for an unknown name, ProgramError when the program cannot be prepared, kept or loaded,
    DataError where it demonstrates a validation or test question.
    """
    chosen = approach(name)
    primary = tasks.get(task_name).primary
    job = Job(
        task=task_name,
        program=program_name,
        adapter_name=adapter_name,
        train=data.train,
        score=lambda example, prediction, output: metric(example, prediction, output)[primary],
        lm=lm,
        seed=seed,
        concurrency=concurrency,
        context_length=context_length,
        corpus=naming.corpus(program_name, _learned_from(data)),
        progress=Progress(Console(stderr=True) if progress else None),
    )
    parts = {"given": dict(cache_key), "approach": name, **_parts(job), **_retrieval(job, data)}
    key = saved.key_of(parts)
    kept = saved.load(key) if use_cache and chosen.ASKS_MODEL else None
    if kept is not None:
        return _ready(job, data, kept[0], kept[1].model_copy(update={"reused": True}))
    started = time.perf_counter()
    outcome = chosen.apply(job)
    seconds = time.perf_counter() - started if chosen.ASKS_MODEL else 0.0
    state = saved.state_of(outcome.module)
    info = _info(job, outcome, state, seconds)
    # With requests that failed, other demonstrations may have been found than on a good day: good for this run only.
    if chosen.ASKS_MODEL and not any(call.error for call in outcome.calls):
        saved.save(key, parts, state, info)
    return _ready(job, data, state, info)


def _learned_from(data: Splits) -> tuple[Example, ...]:
    return (*data.train, *data.validation)


def _info(job: Job, outcome: Outcome, state: str, seconds: float) -> CompileInfo:
    how = naming.identity(job.program)
    usage = Usage()
    for call in outcome.calls:
        usage = usage + call.usage
    return CompileInfo(
        program_digest=saved.digest_of(state),
        calls=len(outcome.calls),
        usage=usage,
        seconds=seconds,
        notes=(*outcome.notes, *([f"Retrieval: {how}."] if how else [])),
    )


def _ready(job: Job, data: Splits, state: str, info: CompileInfo) -> Prepared:
    """Make the program from its state, also when it was compiled just now: fresh and reused ones cannot differ.

    Where paragraphs are pooled it searches those of the test rows, as it searched those of the rows it learned from.
    Raises DataError where it shows a question that is held out.
    """
    module = replace(job, corpus=naming.corpus(job.program, data.test)).student()
    saved.restore(module, state)
    demos = [demo for predictor in module.predictors() for demo in predictor.demos]
    tasks.check_disjoint(data, (str(demo["question"]) for demo in demos if "question" in demo))
    return Prepared(module, info)


def _retrieval(job: Job, data: Splits) -> dict[str, str]:
    """Return what determines a program that retrieves in a way of its own, nothing for the others."""
    how = naming.identity(job.program)
    among = {"corpus": digest(_learned_from(data))} if job.corpus is not None else {}
    return {"retrieval": how, **among} if how else {}


def _parts(job: Job) -> dict[str, Any]:
    """Return what determines a program besides its approach and the model's weights."""
    return {
        "task": job.task,
        "program": job.program,
        "adapter": job.adapter_name,
        "model": str(getattr(job.lm, "model", "")),
        "sampling": json.loads(json.dumps(getattr(job.lm, "kwargs", {}), default=str)),
        "train": digest(job.train),
        "start": saved.digest_of(saved.state_of(job.student())),
        "seed": job.seed,
        "context_length": job.context_length,
        "dspy": dspy.__version__,
        "code": source.digest(),
    }
