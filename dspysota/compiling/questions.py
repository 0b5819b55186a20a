"""The longest questions that a program's predictors will be asked, found by running it without a model."""

import json
from collections.abc import Sequence
from typing import Any

import dspy

from dspysota.compiling.clerk import Clerk
from dspysota.programs import create, make_adapter, make_solver
from dspysota.programs.retrieval import naming
from dspysota.records import Example


def longest(task: str, program: str, adapter_name: str, rows: Sequence[Example]) -> dict[str, dict[str, Any]]:
    """Return by predictor the values of its input fields in the longest question that any of these rows leads to.

    A program that finds its paragraphs in another way is run with its base program's, which are as many and of the
    same kind. Later steps are asked with what the clerk answered before.
    """
    module = create(task, naming.split(program)[0])
    clerk = Clerk({id(predictor): name for name, predictor in module.named_predictors()})
    with dspy.context(callbacks=[clerk]):
        solve = make_solver(module, clerk.lm(), adapter_name)
        for row in rows:
            solve(row)
    adapter, signatures = make_adapter(adapter_name), {name: p.signature for name, p in module.named_predictors()}
    found: dict[str, tuple[int, dict[str, Any]]] = {}
    for name, values in clerk.questions:
        size = len(adapter.format_user_message_content(signatures[name], values)) if name in signatures else -1
        if size > found.get(name, (-1, {}))[0]:
            found[name] = (size, values)
    return {name: values for name, (_, values) in found.items()}


def at_most(rows: Sequence[Example]) -> int:
    """Return the characters of the longest row's inputs, of which a question holds a part."""
    return max((len(json.dumps(row.inputs, ensure_ascii=False, default=str)) for row in rows), default=0)
