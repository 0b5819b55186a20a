"""A task that instructions and demonstrations help with, for tests of what searches for them."""

from __future__ import annotations

import re
import zlib
from typing import Any

from dspysota import approaches, programs, tasks
from dspysota.approaches.preparing import Effort
from dspysota.profiles import Optimize
from dspysota.records import Example
from dspysota.tasks import Splits

WORD = "carefully"
"""With it in the instruction, the model is right."""

OPTIMIZERS = ("copro", "mipro", "simba", "gepa", "infer_rules")

SETTINGS: dict[str, dict[str, Any]] = {
    "copro": {"breadth": 3, "depth": 2},
    "mipro": {"max_bootstrapped_demos": 2},
    "simba": {"bsize": 4, "num_candidates": 2, "max_steps": 2},
    "gepa": {"max_metric_calls": 24},
    "infer_rules": {"num_candidates": 2, "max_bootstrapped_demos": 4},
}
"""Small searches."""


class Killed(BaseException):
    """What a signal does to a compilation."""


class Killing:
    """An engine that dies with its request number `alive`."""

    def __init__(self, engine: Any, alive: int) -> None:
        self.engine = engine
        self.alive = alive

    def __deepcopy__(self, memo: object) -> Killing:
        return self

    def complete(self, request: Any) -> Any:
        if self.alive == 0:
            raise Killed
        self.alive -= 1
        return self.engine.complete(request)


def gsm8k(n, first=0):
    rows = range(first, first + n)
    return tuple(Example(id=f"q{i}", inputs={"question": f"Count to {i}."}, gold=str(i)) for i in rows)


def hotpotqa(n, first=0):
    def row(i):
        village, mill = [f"Village {i}", [f"Village {i} has Mill {i}."]], [f"Mill {i}", [f"Count to {i}."]]
        question = f"Who built the mill of village {i}?"
        return Example(
            id=f"q{i}",
            inputs={"question": question, "paragraphs": [village, mill, ["Pond", ["It is wet."]]]},
            gold=str(i),
            extra={"supporting_facts": [[f"Village {i}", 0]]},
        )

    return tuple(row(i) for i in range(first, first + n))


ROWS = {"gsm8k": gsm8k, "hotpotqa": hotpotqa}


def model(chat):
    """Right where told to work carefully, where shown how, and with every third question; proposes to be careful."""
    first, last = chat[0]["content"], chat[-1]["content"]
    if not re.search(r'of the form "(####|Answer:|Query:)', first):
        return _proposal("\n".join(turn["content"] for turn in chat))
    n = int(re.findall(r"(?:Count to|village) (\d+)[.?]", last)[0])
    right = n % 3 == 0 or WORD in first or len(chat) > 1
    if 'form "Query:' in first:
        return f"Query: Mill {n}"
    mark = "####" if 'form "####' in first else "Answer:"
    return f"One to {n}.\n{mark} {n if right else 999}"


def _proposal(prompt):
    """What a model proposes differs with what it is told, as far as it can."""
    told = zlib.crc32(prompt.encode()) % 997
    if "module_advice" in prompt.lower().replace(" ", "_"):
        return f'Discussion: hm.\nModule advice: {{"solve.predict": "Go {WORD}, {told}.", "answer.predict": "{WORD}"}}'
    return f"Go {WORD}, at pace {told}."


def prepare(server, name, *, task="gsm8k", program=None, lm=None, train=6, validation=4, budget=None, **fields):
    """Prepare a program of the small task."""
    rows = ROWS[task](train + validation)
    settings = {name: {**SETTINGS.get(name, {}), **fields.pop("settings", {})}}
    optimize = Optimize(settings=settings, **({"budget": budget} if budget else {}))
    values = {
        "task_name": task,
        "program_name": program or programs.names(task)[0],
        "data": Splits(train=rows[:train], validation=rows[train:], test=()),
        "metric": tasks.get(task).score,
        "lm": lm or make_lm(server),
        "adapter_name": "plain",
        "seed": 0,
        "concurrency": 4,
        "cache_key": {"model": "digest"},
        "progress": False,
        "effort": Effort(optimize=optimize),
    }
    return approaches.prepare(name, **{**values, **fields})


def make_lm(server, alive=None):
    """Return the model; with `alive`, one that dies after so many requests."""
    lm = programs.make_lm(server.base_url, server.name, None, max_tokens=50, retries=0)
    return lm if alive is None else lm.copy(engine=Killing(lm.door, alive))


def asked(server):
    """Every request, as text that can be compared, sorted: threads may change the order."""
    return sorted(repr(sorted(request.body.items())) for request in server.requests)
