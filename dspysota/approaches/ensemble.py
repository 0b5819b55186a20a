"""The best few different programs of a random search, all asked, and the answer of their majority.

It costs at every question as many calls as it has members. Preparing it costs no more than the search: what the
members answer to the validation rows is known by then.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import dspy

from dspysota import tasks
from dspysota.approaches import random_search
from dspysota.compiling import saved
from dspysota.compiling.job import Job, Outcome
from dspysota.compiling.optimizing import evaluate, quiet
from dspysota.compiling.search import Scored
from dspysota.errors import ProgramError
from dspysota.programs.ensemble import Ensemble

ASKS_MODEL = True

DEFAULTS: Mapping[str, Any] = {"members": 3, **random_search.DEFAULTS}
"""How many programs are asked; the others are those of `random_search`."""

LEAST: Mapping[str, float] = {"members": 2, **random_search.LEAST}

_MEMBER = re.compile(r"members\[([0-9]{1,3})\]\.", re.ASCII)


def apply(job: Job) -> Outcome:
    """Return the ensemble, its score that of its own votes. Raises ProgramError as `random_search` does."""
    settings = job.chosen(DEFAULTS, LEAST, random_search.MOST)
    wanted = settings.pop("members")
    found = random_search.searched(job, settings)
    states = _best(found.scored, wanted)
    module = _made(job.task, job.student, len(states))
    for member, state in zip(module.members, states, strict=True):
        saved.restore(member, state)
    with quiet(), dspy.context(**job.dspy_settings()):
        score = evaluate(job, module)
    few = [f"Only {len(states)} of {wanted} members: no more of the candidates differ and got anything right."]
    cuts = [f"Member {number}: {note}" for number, state in enumerate(states, 1) for note in found.fitting.notes(state)]
    return Outcome(
        module=module,
        validation_score=score,
        candidates=found.outcome.candidates,
        notes=(*(few if len(states) < wanted else ()), *cuts),
    )


def blank(task: str, fresh: Callable[[], dspy.Module], state: str) -> Ensemble:
    """Return the ensemble with as many members as a state has. Raises ProgramError where it has none."""
    try:
        found = [match for name in json.loads(state) if (match := _MEMBER.match(name))]
    except (ValueError, TypeError, RecursionError):
        found = []
    if not found:
        raise ProgramError("The stored ensemble has no members; run again with --sota-no-cache to compile it anew.")
    return _made(task, fresh, 1 + max(int(match[1]) for match in found))


def _made(task: str, fresh: Callable[[], dspy.Module], members: int) -> Ensemble:
    return Ensemble([fresh() for _ in range(members)], tasks.get(task).normal_form)


def _best(scored: Sequence[Scored], wanted: int) -> list[str]:
    """Return the states of the best different candidates that got anything right, best first."""
    ranked = sorted(scored, key=lambda one: one.score, reverse=True)
    states = dict.fromkeys(saved.state_of(one.program) for one in ranked if one.score > 0)
    return list(states)[:wanted]
