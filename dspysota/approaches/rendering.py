"""What a prepared program would send for some rows: seen by running it on a clerk, so no model is asked."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import dspy

from dspysota import tasks
from dspysota.approaches import approach
from dspysota.approaches.preparing import Effort, prepare
from dspysota.compiling.clerk import Clerk, Step
from dspysota.profiles import Cell
from dspysota.programs import create, make_solver
from dspysota.records import Example
from dspysota.tasks import Splits


class Rendered(NamedTuple):
    """The requests of one question, in order, and what ended the program before its end, where anything did."""

    steps: tuple[Step, ...]
    error: str | None


def render(module: dspy.Module, adapter_name: str, rows: Sequence[Example]) -> Iterator[Rendered]:
    """Run a program on each row. Requests after the first of a row hold what the clerk answered, which is short."""
    names = {id(predictor): name for name, predictor in module.named_predictors()}
    for row in rows:
        clerk = Clerk(names)
        with dspy.context(callbacks=[clerk]):
            answer = make_solver(module, clerk.lm(), adapter_name)(row)
        yield Rendered(tuple(clerk.steps), answer.error)


def unasked(cell: Cell, program: str, data: Splits, context_length: int | None) -> dspy.Module:
    """Return a cell's program as its approach prepares it, where that asks no model; else as it is before.

    `program` is taken instead of the cell's: a base program that retrieves among an example's own paragraphs. Raises
    SotaError as `prepare` does.
    """
    if approach(cell.approach).ASKS_MODEL:
        return create(cell.task, program)
    return prepare(
        cell.approach,
        task_name=cell.task,
        program_name=program,
        data=data,
        metric=tasks.get(cell.task).score,
        lm=Clerk({}).lm(),
        adapter_name=cell.adapter,
        seed=0,
        concurrency=1,
        cache_key={},
        effort=Effort(optimize=cell.optimize),
        progress=False,
        context_length=context_length,
    ).module


def most_tokens(module: dspy.Module, adapter_name: str, rows: Sequence[Example], max_tokens: int) -> tuple[float, int]:
    """Return prompt and completion tokens that no question of `rows` should go beyond.

    The row with the longest inputs is rendered: two bytes of a prompt count as a token, every answer as `max_tokens`,
    and a later request may hold all earlier answers of its question.
    """
    longest = max(rows, key=lambda row: len(str(row.inputs)))
    (found,) = render(module, adapter_name, [longest])
    sizes = [_bytes(step) for step in found.steps]
    prompt = sum(size / 2 + place * max_tokens for place, size in enumerate(sizes))
    return prompt, len(sizes) * max_tokens


def _bytes(step: Any) -> int:
    return sum(len(message.content.encode("utf-8", "surrogatepass")) for message in step.messages)
