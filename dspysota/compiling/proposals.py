"""Small models as authors of instructions: what they write is read leniently, and never ends a compilation."""

from __future__ import annotations

from typing import Any

import dspy
from dspy.adapters.utils import parse_value
from dspy.utils.exceptions import AdapterParseError

from dspysota.programs import parsing
from dspysota.programs.calls import current, recording
from dspysota.programs.plain import FREE, PlainAdapter, shape

LONGEST = 4000
"""Characters of a proposal that are kept; a longer one is a model that does not stop."""


class ProposalAdapter(PlainAdapter):
    """The plain adapter, but for text of many lines: a field ends where the next one's label begins.

    MIPROv2 and COPRO end with an error when one proposal cannot be read. A model that was asked for an instruction and
    wrote one without its label has proposed all the same: the whole output is then the first field, and the others are
    empty. Whether it is any good is decided by its score.
    """

    def parse(self, signature: type[dspy.Signature], completion: str) -> dict[str, Any]:
        """Return the output fields. Raises AdapterParseError where a field is no text and cannot be read."""
        known = shape(signature)
        labels = {name: label for name, label in known.labels.items() if label}
        found = parsing.labelled(completion, labels) if labels else {}
        first = known.answers[0]
        if found.get(first):
            texts = {**found, FREE: found.get(FREE) or found[""]}
        else:
            texts = {first: completion.strip()}
        try:
            return {name: _short(parse_value(texts.get(name, ""), f.annotation)) for name, f in known.outputs.items()}
        except ValueError as error:
            raise AdapterParseError("ProposalAdapter", signature, completion) from error


class Switch(dspy.Adapter):
    """The task's adapter for the task's program, and the proposals' for models that propose."""

    def __init__(self, task: dspy.Adapter) -> None:
        super().__init__()
        self._task = task
        self._proposals = ProposalAdapter()

    def __call__(self, lm: Any, *args: Any, **kwargs: Any) -> Any:
        """Ask, by the adapter that fits the model."""
        if current() is not None:
            return self._of(lm)(lm, *args, **kwargs)
        # DSPy's thread pools lose the recording, by which the plain adapter knows that an output was truncated: it
        # would be read more leniently here than when the program is measured.
        with recording():
            return self._of(lm)(lm, *args, **kwargs)

    def format(self, *args: Any, **kwargs: Any) -> Any:
        """Return the chat turns of the task's adapter."""
        return self._task.format(*args, **kwargs)

    def parse(self, *args: Any, **kwargs: Any) -> Any:
        """Return what the task's adapter reads."""
        return self._task.parse(*args, **kwargs)

    def _of(self, lm: Any) -> dspy.Adapter:
        return self._proposals if getattr(lm, "proposes", False) else self._task


def _short(value: Any) -> Any:
    return value[:LONGEST] if isinstance(value, str) else value
