"""What determines a program: the parts of the key under which it is kept, but for its approach, weights and budget."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import dspy

from dspysota import source
from dspysota.compiling import saved
from dspysota.programs import create
from dspysota.programs.retrieval import naming
from dspysota.records import Example
from dspysota.tasks import Splits
from dspysota.tasks.base import digest


def learned_from(data: Splits) -> tuple[Example, ...]:
    """Return the rows that a program may learn from, or be chosen by."""
    return (*data.train, *data.validation)


def retrieval(program: str, data: Splits) -> dict[str, str]:
    """Return what determines a program that retrieves in a way of its own, nothing for the others."""
    how = naming.identity(program)
    among = {"corpus": digest(learned_from(data))} if naming.is_pooled(program) else {}
    return {"retrieval": how, **among} if how else {}


def parts(lm: Any, teacher: Mapping[str, str] | None, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return what determines a program besides; `teacher` is another model's name and digest, `fields` the job's."""
    student = create(fields["task"], fields["program"], corpus=fields["corpus"])
    return {
        "task": fields["task"],
        "program": fields["program"],
        "adapter": fields["adapter_name"],
        "model": str(getattr(lm, "model", "")),
        "sampling": json.loads(json.dumps(getattr(lm, "kwargs", {}), default=str)),
        "teacher": teacher,
        "train": digest(fields["train"]),
        "start": saved.digest_of(saved.state_of(student)),
        "settings": dict(fields["settings"]),
        "seed": fields["seed"],
        "context_length": fields["context_length"],
        "dspy": dspy.__version__,
        "code": source.digest(),
    }
