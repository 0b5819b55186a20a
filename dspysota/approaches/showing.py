"""What a stored program sends to its model: seen by running it, so that it cannot drift from what is sent.

The model's place is taken by a clerk who writes every request down and answers, in the form of the adapter that asks,
with the names of the fields that are asked for; so a program of several steps gets to its last one. No server is there.
"""

import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import dspy
from dspy.utils.callback import BaseCallback

from dspysota import tasks
from dspysota.approaches import approach
from dspysota.compiling import saved
from dspysota.compiling.library import Stored
from dspysota.errors import ConfigError, ProgramError
from dspysota.programs import create, make_adapter, make_solver
from dspysota.programs.calls import recording
from dspysota.programs.lm import CONSTRAINT, SeededLM, WireEngine
from dspysota.programs.reply import Reply
from dspysota.programs.retrieval import naming
from dspysota.programs.wire import Prompt, as_messages
from dspysota.records import Example, Message, Usage


@dataclass(frozen=True)
class Step:
    """One request: which predictor made it, and its chat turns, as sent; a text to be continued is one turn."""

    predictor: str
    messages: tuple[Message, ...]
    constraint: str = ""
    """The expression that the server is told to keep the output to, empty where there is none."""


@dataclass(frozen=True, kw_only=True)
class Walk:
    """One run of a program on one question."""

    steps: tuple[Step, ...]
    missed: tuple[str, ...]
    """Predictors that the run did not come to."""
    error: str | None = None
    """What ended the run before its end."""


def rebuilt(entry: Stored) -> dspy.Module:
    """Return the program of an entry. Raises ProgramError where this version has none such, or it does not fit.

    One that searches the paragraphs of many rows gets those of the sample.
    """

    def fresh() -> dspy.Module:
        task, program = entry.part("task"), entry.part("program")
        corpus = naming.corpus(program, [sample(task)]) if task in tasks.names() else None
        return create(task, program, corpus=corpus)

    try:
        make_adapter(entry.part("adapter"))
        chosen = approach(entry.part("approach").split()[0])
        module: dspy.Module = (
            chosen.blank(entry.part("task"), fresh, entry.state) if hasattr(chosen, "blank") else fresh()
        )
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

    def ask(self, prompt: Prompt, settings: Mapping[str, Any]) -> Reply:
        """Write a request down, and answer it."""
        constraint = dict(settings.get(CONSTRAINT) or {}).get("regex", "")
        self.steps.append(Step(getattr(self._asking, "name", "?"), as_messages(prompt), str(constraint)))
        return Reply(self._answer(), Usage(), "stop", None, None)

    def _answer(self) -> str:
        """Return the names of the fields asked for, or what else the adapter that asks can read."""
        adapter, signature = self._asking.adapter, self._asking.signature
        # With a digit, since an answer that is to be a number is looked for by one.
        names = {name: f"({name} {len(self.steps)})" for name in signature.output_fields}
        for fields in (names, *(dict.fromkeys(names, value) for value in ("1", "True"))):
            text = str(adapter.format_assistant_message_content(signature, fields))
            with recording(), suppress(Exception):  # whatever an adapter raises, it is no answer to it
                adapter.parse(signature, text)
                return text
        return ""
