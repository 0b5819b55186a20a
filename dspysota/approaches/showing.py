"""What a stored program sends to its model: seen by running it, so that it cannot drift from what is sent.

The model's place is taken by a clerk who writes every request down and answers, in the form of the adapter that asks,
with the names of the fields that are asked for; so a program of several steps gets to its last one. No server is there.
"""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import dspy
from dspy.utils.callback import BaseCallback

from dspysota.approaches import approach
from dspysota.compiling import saved
from dspysota.compiling.library import Stored
from dspysota.errors import ConfigError, ProgramError
from dspysota.programs import create, make_adapter, make_solver
from dspysota.programs.lm import SeededLM, WireEngine
from dspysota.programs.wire import Reply
from dspysota.records import Example, Message, Usage


@dataclass(frozen=True)
class Step:
    """One request: which predictor made it, and its chat turns, as sent."""

    predictor: str
    messages: tuple[Message, ...]


@dataclass(frozen=True, kw_only=True)
class Walk:
    """One run of a program on one question."""

    steps: tuple[Step, ...]
    missed: tuple[str, ...]
    """Predictors that the run did not come to."""
    error: str | None = None
    """What ended the run before its end."""


def rebuilt(entry: Stored) -> dspy.Module:
    """Return the program of an entry. Raises ProgramError where this version has none such, or it does not fit."""
    try:
        make_adapter(entry.part("adapter"))
        chosen = approach(entry.part("approach"))
        # A program of several, such as an ensemble, is built by its approach, which knows its parts from the state.
        blank = getattr(chosen, "blank", lambda task, base, state: create(task, base))
        module: dspy.Module = blank(entry.part("task"), entry.part("program"), entry.state)
    except ConfigError as error:
        raise ProgramError(f"The program {entry.meta.key[:12]!r} does not fit this dspysota: {error}") from error
    saved.restore(module, entry.state)
    return module


def sample(task: str, question: str | None = None) -> Example:
    """Return made-up inputs of a task, with another question where one is given."""
    inputs = dict(import_module(f"dspysota.programs.signatures.{task}").SAMPLE)
    return Example(id="sample", inputs={**inputs, **({"question": question} if question else {})}, gold="")


def walk(entry: Stored, question: str | None = None) -> Walk:
    """Run a program once on a made-up question, or on the one given, and return what it sends.

    Raises ProgramError where this version has no such program, or it does not fit.
    """
    module = rebuilt(entry)
    clerk = _Clerk({id(predictor): name for name, predictor in module.named_predictors()})
    wire: Any = clerk
    # Greedy and short: nothing of the sampling is in the messages.
    lm = SeededLM(
        "dspysota/clerk",
        engine=WireEngine(wire, "clerk"),
        temperature=0.0,
        max_tokens=16,
        seed=0,
        cache=False,
        num_retries=0,
    )
    with dspy.context(callbacks=[clerk]):
        answer = make_solver(module, lm, entry.part("adapter"))(sample(entry.part("task"), question))
    reached = {step.predictor for step in clerk.steps}
    missed = tuple(name for name, _ in module.named_predictors() if name not in reached)
    return Walk(steps=tuple(clerk.steps), missed=missed, error=answer.error)


class _Clerk(BaseCallback):
    """Stands in for a wire, and watches who asks it for what. Safe to be asked from several threads."""

    def __init__(self, names: Mapping[int, str]) -> None:
        self.steps: list[Step] = []
        self._names = names
        self._asking = threading.local()

    def on_module_start(self, call_id: str, instance: Any, inputs: dict[str, Any]) -> None:
        """Note which predictor asks in this thread."""
        if id(instance) in self._names:
            self._asking.name = self._names[id(instance)]

    def on_adapter_format_start(self, call_id: str, instance: Any, inputs: dict[str, Any]) -> None:
        """Note in which form it wants to be answered."""
        self._asking.adapter, self._asking.signature = instance, inputs["signature"]

    def ask(self, messages: Sequence[Mapping[str, str]], settings: Mapping[str, Any]) -> Reply:
        """Write a request down, and answer it. `settings` are not looked at."""
        sent = tuple(Message(role=turn["role"], content=turn["content"]) for turn in messages)
        self.steps.append(Step(getattr(self._asking, "name", "?"), sent))
        return Reply(self._answer(), Usage(), "stop", None, None)

    def _answer(self) -> str:
        adapter, signature = self._asking.adapter, self._asking.signature
        # With a digit, since an answer that is to be a number is looked for by one.
        fields = {name: f"({name} {len(self.steps)})" for name in signature.output_fields}
        return str(adapter.format_assistant_message_content(signature, fields))
