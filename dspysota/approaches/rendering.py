"""What a prepared program would send for some rows: seen by running it on a clerk, so no model is asked."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import dspy

from dspysota.compiling.clerk import Clerk, Step
from dspysota.programs import make_solver
from dspysota.records import Example


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
