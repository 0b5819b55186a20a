"""A model whose answers depend on what it was shown, and how approaches are prepared with it."""

import hashlib
import json
import re

from dspysota import approaches, programs, tasks
from dspysota.approaches.preparing import Effort
from dspysota.profiles import Optimize
from dspysota.records import Budget, Example
from dspysota.tasks import Splits

TRAIN, VALIDATION = 16, 8


def rows(kind, n):
    """Questions that share a word with their neighbours, so that some are nearer than others."""
    return tuple(
        Example(id=f"{kind}{i}", inputs={"question": f"{kind} {i}: how many in box{i // 4}?"}, gold=str(i))
        for i in range(n)
    )


DATA = Splits(train=rows("train", TRAIN), validation=rows("val", VALIDATION), test=())


def fickle(messages):
    """Answer rightly about every second time, as a digest of the whole conversation has it."""
    n = re.findall(r"(\d+): how", messages[-1]["content"])[-1]
    lot = hashlib.sha256(json.dumps(messages).encode()).digest()[0] % 2
    return f"It is {n}.\n#### {n}" if lot else "It is many.\n#### 12345"


def prepare(server, name, *, budget=None, settings=None, optimize=None, **fields):
    """Prepare a GSM8K program by an approach, asking the server four questions at a time."""
    lm = programs.make_lm(server.base_url, server.name, None, max_tokens=50, retries=0)
    values = {
        "task_name": "gsm8k",
        "program_name": "cot",
        "data": DATA,
        "metric": tasks.get("gsm8k").score,
        "lm": lm,
        "adapter_name": "plain",
        "seed": 0,
        "concurrency": 4,
        "cache_key": {"model": "digest"},
        "progress": False,
    }
    optimize = Optimize(budget=budget or Budget(), settings={name: settings or {}}, **(optimize or {}))
    return approaches.prepare(name, **{**values, "effort": Effort(optimize=optimize), **fields})


def shown(prepared):
    """Return the demonstrations of each predictor, as plain dictionaries."""
    return [[dict(demo) for demo in predictor.demos] for predictor in prepared.module.predictors()]


def bodies(server):
    """Return every request, as text."""
    return [json.dumps(request.body, sort_keys=True) for request in server.requests]


def solved(module, server):
    """Return how many validation rows a program answers rightly."""
    lm = programs.make_lm(server.base_url, server.name, None, max_tokens=50)
    solve = programs.make_solver(module, lm, "plain")
    return sum(solve(row).prediction == row.gold for row in DATA.validation)
