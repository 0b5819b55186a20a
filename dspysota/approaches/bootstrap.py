"""Demonstrations that the model wrote itself: its own right answers to training questions (DSPy's BootstrapFewShot).

Four demonstrations and none that is merely labelled: a label comes without reasoning, and a small model that is shown
answers without reasoning stops reasoning.
"""

from typing import Any

import dspy

from dspysota.compiling.concurrently import ConcurrentBootstrap
from dspysota.compiling.fit import fit
from dspysota.compiling.job import Job, Outcome
from dspysota.errors import ProgramError
from dspysota.programs.calls import current
from dspysota.records import Example

ASKS_MODEL = True

MAX_QUESTIONS = 96
"""Training questions that are asked at most."""

SETTINGS = {"max_bootstrapped_demos": 4, "max_labeled_demos": 0, "max_rounds": 1}
"""Of `dspy.BootstrapFewShot`."""

HOPELESS = 10
"""Questions after which the search ends if every request failed."""


def apply(job: Job, **settings: int) -> Outcome:
    """Ask training questions and keep the first full-mark answers, in the order of the rows, as demonstrations.

    `settings` replace those of `SETTINGS`. Raises ProgramError when no question is answered right, or when the server
    answers none at all.
    """
    wanted = {**SETTINGS, **settings}
    rows = job.train[:MAX_QUESTIONS]
    trainset = [_asked(row) for row in rows]
    by_identity = {id(asked): row for asked, row in zip(trainset, rows, strict=True)}

    def right(asked: Any, prediction: Any, trace: object = None) -> bool:
        calls = current()
        answer = prediction.get("answer")
        output = calls[-1].output if calls else ""
        return job.score(by_identity[id(asked)], None if answer is None else str(answer), output) >= 1.0

    def on_end(asked: int, found: int) -> None:
        job.progress.say(f"Bootstrapping: {found} demonstrations from {asked} of at most {len(rows)} questions")
        if asked >= HOPELESS and all(call.error for call in search.calls):
            raise ProgramError(f"Bootstrapping gave up: all {asked} questions failed, the last with {_last(search)!r}.")

    search = ConcurrentBootstrap(concurrency=job.concurrency, metric=right, on_end=on_end, **wanted)
    with dspy.context(**job.settings()), job.progress.shown(f"Bootstrapping from at most {len(rows)} questions"):
        module = search.compile(job.student(), trainset=trainset)
    notes = _notes(search, wanted["max_bootstrapped_demos"], job)
    return Outcome(module=module, calls=tuple(search.calls), notes=(*notes, *fit(module, job)))


def _asked(row: Example) -> Any:
    return dspy.Example(**row.inputs, answer=row.gold).with_inputs(*row.inputs)


def _last(search: ConcurrentBootstrap) -> str | None:
    return search.calls[-1].error if search.calls else None


def _notes(search: ConcurrentBootstrap, wanted: int, job: Job) -> list[str]:
    """Return what there is to say. Raises ProgramError where nothing was found: that would be zero-shot in disguise."""
    failed = sum(call.error is not None for call in search.calls)
    met = f"; {failed} of {len(search.calls)} requests failed, the last with {_last(search)!r}" if failed else ""
    if not search.found:
        raise ProgramError(
            f"Bootstrapping {job.task} found no demonstration: none of {search.asked} training questions was answered "
            f"right{met}. Take the approach 'few_shot', whose demonstrations are written by hand, or a larger model."
        )
    if search.found < wanted or failed:
        return [f"Found {search.found} of {wanted} demonstrations in {search.asked} training questions{met}."]
    return []
