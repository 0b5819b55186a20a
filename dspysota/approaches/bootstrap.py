"""Demonstrations that the model wrote itself: its own right answers to training questions (DSPy's BootstrapFewShot).

Four demonstrations and none that is merely labelled: a label comes without reasoning, and a small model that is shown
answers without reasoning stops reasoning.
"""

from collections.abc import Mapping
from typing import Any

import dspy

from dspysota.compiling.concurrently import ConcurrentBootstrap
from dspysota.compiling.fit import fit
from dspysota.compiling.job import Job, Outcome
from dspysota.compiling.optimizing import quiet, watch
from dspysota.errors import ProgramError

ASKS_MODEL = True
SELECTS = False

DEFAULTS: Mapping[str, Any] = {"max_bootstrapped_demos": 4, "max_labeled_demos": 0, "max_rounds": 1}
"""Of `dspy.BootstrapFewShot`."""

LEAST: Mapping[str, float] = {"max_bootstrapped_demos": 1, "max_labeled_demos": 0, "max_rounds": 1}


def apply(job: Job) -> Outcome:
    """Ask training questions and keep the first full-mark answers, in the order of the rows, as demonstrations.

    Raises ProgramError when no question is answered right, or when the server answers none at all.
    """
    search, module = asked(job, job.chosen(DEFAULTS, LEAST))
    return Outcome(module=module, notes=(*remarks(search, job), *fit(module, job)))


def asked(job: Job, settings: Mapping[str, Any]) -> tuple[ConcurrentBootstrap, dspy.Module]:
    """Bootstrap by `settings`; return the search and the student with its demonstrations.

    Raises ProgramError when the server answers nothing at all.
    """
    total = len(job.train)

    def on_end(asked: int, found: int) -> None:
        job.progress.say(f"Bootstrapping: {found} demonstrations from {asked} of at most {total} questions")
        watch(job)

    search = ConcurrentBootstrap(
        concurrency=job.concurrency,
        metric=job.marks,
        metric_threshold=1.0,
        teacher_settings={"lm": job.teacher},
        on_end=on_end,
        **settings,
    )
    with job.progress.shown(f"Bootstrapping from {total} questions"), quiet(), dspy.context(**job.dspy_settings()):
        module = search.compile(job.student(), trainset=job.examples())
    return search, module


def _last(search: ConcurrentBootstrap) -> str | None:
    return search.calls[-1].error if search.calls else None


def remarks(search: ConcurrentBootstrap, job: Job) -> list[str]:
    """Return what there is to say. Raises ProgramError where nothing was found: that would be zero-shot in disguise."""
    wanted = search.max_bootstrapped_demos
    failed = sum(call.error is not None for call in search.calls)
    met = f"; {failed} of {len(search.calls)} requests failed, the last with {_last(search)!r}" if failed else ""
    if job.tape.stopped:
        met += f"; the budget of {job.tape.stopped} was spent"
    if not search.found:
        raise ProgramError(
            f"Bootstrapping {job.task} found no demonstration: none of {search.asked} training questions was answered "
            f"right{met}. Take the approach 'few_shot', whose demonstrations are written by hand, or a larger model."
        )
    if search.found < wanted or failed:
        return [f"Found {search.found} of {wanted} demonstrations in {search.asked} training questions{met}."]
    return []
