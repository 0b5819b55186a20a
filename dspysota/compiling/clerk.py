"""A clerk in the model's place: what a program would send is seen by running it, and no server is there.

He writes every request down and answers, in the form of the adapter that asks, with the names of the fields that are
asked for; so a program of several steps gets to its last one.
"""

import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from dspy.utils.callback import BaseCallback

from dspysota.programs.calls import recording
from dspysota.programs.lm import CONSTRAINT, SeededLM, WireEngine
from dspysota.programs.reply import Reply
from dspysota.programs.wire import Prompt, as_messages
from dspysota.records import Message, Usage


@dataclass(frozen=True)
class Step:
    """One request: which predictor made it, and its chat turns, as sent; a text to be continued is one turn."""

    predictor: str
    messages: tuple[Message, ...]
    constraint: str = ""
    """The expression that the server is told to keep the output to, empty where there is none."""


class Clerk(BaseCallback):
    """Stands in for a wire, and watches who asks it for what: a callback of DSPy's. Safe in several threads.

    `names` are the predictors', by their ids.
    """

    def __init__(self, names: Mapping[int, str]) -> None:
        self.steps: list[Step] = []
        self.questions: list[tuple[str, dict[str, Any]]] = []
        """Of every request the predictor's name and the values of its input fields."""
        self._names = names
        self._asking = threading.local()

    def on_module_start(self, call_id: str, instance: Any, inputs: dict[str, Any]) -> None:
        """Note which predictor asks in this thread."""
        if id(instance) in self._names:
            self._asking.name = self._names[id(instance)]

    def on_adapter_format_start(self, call_id: str, instance: Any, inputs: dict[str, Any]) -> None:
        """Note in which form it wants to be answered."""
        self._asking.adapter, self._asking.signature = instance, inputs["signature"]
        self.questions.append((getattr(self._asking, "name", "?"), dict(inputs["inputs"])))

    def lm(self) -> SeededLM:
        """Return the model that asks the clerk: greedy and short, since nothing of the sampling is in the messages."""
        wire: Any = self
        return SeededLM(
            "dspysota/clerk",
            engine=WireEngine(wire, "clerk"),
            temperature=0.0,
            max_tokens=16,
            seed=0,
            cache=False,
            num_retries=0,
        )

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
