"""Runs with other seconds, tokens and facts, and findings picked out."""

import random

from dspysota.records import Usage
from tests.factories import make_call


def spent(run, *, seconds=(), tokens=()):
    """The run with other seconds and prompt tokens of its cases."""
    changed = []
    for place, case in enumerate(run.cases):
        took = seconds[place] if seconds else case.seconds
        used = tokens[place] if tokens else 100
        call = make_call(usage=Usage(prompt_tokens=used, completion_tokens=0), seconds=took)
        changed.append(case.model_copy(update={"seconds": took, "calls": (call,)}))
    return run.model_copy(update={"cases": tuple(changed)})


def other(run, **fields):
    """The run with other facts."""
    return run.model_copy(update={"info": run.info.model_copy(update=fields)})


def words(findings):
    return [finding.word for finding in findings]


def only(findings):
    (finding,) = findings
    return finding


def seconds(n, seed):
    chance = random.Random(seed)
    return [chance.lognormvariate(0, 0.4) for _ in range(n)]
