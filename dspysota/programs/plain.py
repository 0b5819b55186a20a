"""An adapter for small models: a short instruction, demonstrations as chat turns, an answer line, lenient reading.

DSPy's own ChatAdapter frames every field with `[[ ## name ## ]]` headers, which small models forget, and asks a second
time when they do. Here the frame is one line, and there is never a second call.

A signature says how it wants to be rendered in its fields: `marked("####")` makes an output whose answer line has that
label, `fenced("python")` one that is a block of code. Everything else follows from the fields themselves.
"""

import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import dspy
from dspy.adapters.utils import format_field_value, parse_value
from dspy.utils.exceptions import AdapterParseError

from dspysota.programs import code, parsing
from dspysota.programs.calls import current, last

FREE = "reasoning"
"""The output field that is written as free text before the others; `dspy.ChainOfThought` calls it so."""


def marked(marker: str, desc: str | None = None, *, placeholder: str = "", pattern: str = "", form: str = "") -> Any:
    """Return an output field whose answer line starts with `marker`, such as "####" or "Answer:".

    `placeholder` stands for the answer in the instructions, such as "N"; `desc` says what it is. `pattern` is a regular
    expression that every answer matches somewhere, such as a digit where numbers are asked for; `form` is one that a
    whole answer has where the server can be made to keep to it, bounded and without look-around.
    """
    field = dspy.OutputField(desc=desc) if desc else dspy.OutputField()
    # Afterwards, since dspy.OutputField drops what it is given.
    field.json_schema_extra.update(marker=marker, placeholder=placeholder, pattern=pattern, form=form)
    return field


def fenced(language: str, desc: str) -> Any:
    """Return an output field that is a fenced block of code, labelled `language`; its value is the code alone.

    It is rendered and read as a block where it is the only answer of its signature.
    """
    field = dspy.OutputField(desc=desc)
    field.json_schema_extra.update(fence=language)
    return field


class PlainAdapter(dspy.Adapter):
    """Renders a signature as plain text and reads the answer leniently; raises AdapterParseError where there is none.

    With one answer, it is the text behind the last marker; failing that, and if the output ended by itself, its last
    line, which the recording then notes as `marker: missing`. A truncated output without its marker is no answer. With
    several answers, each stands on a line with its label. A single output that asks for no marker is the whole text. An
    answer that is code is read by `dspysota.programs.code.read`.
    """

    def format(self, signature: type[dspy.Signature], demos: list[Any], inputs: dict[str, Any]) -> list[dict[str, Any]]:
        """Return the chat turns; the instructions stand at the end of the first user turn.

        There is no system turn: one of ours would replace the one that a model was tuned with, and some templates
        refuse it. docs/adr/0007-plain-adapter.md has the measurement.
        """
        turns = [turn for turn in super().format(signature, demos, inputs) if turn["role"] != "system"]
        first = turns[0]["content"] if turns else ""
        opening = "\n\n".join(part for part in (first, self.format_system_message(signature)) if part)
        return [{"role": "user", "content": opening}, *turns[1:]]

    def format_system_message(self, signature: type[dspy.Signature]) -> str:
        """Return the instructions and one sentence on the form of the answer."""
        return shape(signature).system

    def format_demos(self, signature: type[dspy.Signature], demos: Iterable[Any]) -> list[dict[str, Any]]:
        """Return a user and an assistant turn per demonstration that has an input and an answer."""
        messages = []
        for demo in demos:
            user = self.format_user_message_content(signature, demo)
            assistant = self.format_assistant_message_content(signature, demo)
            if user and any(given(demo, name) for name in shape(signature).answers):
                messages += [{"role": "user", "content": user}, {"role": "assistant", "content": assistant}]
        return messages

    def format_user_message_content(
        self,
        signature: type[dspy.Signature],
        inputs: Any,
        prefix: str = "",
        suffix: str = "",
        main_request: bool = False,
    ) -> str:
        """Return the inputs: a single one bare, lists as paragraphs, the others with their labels."""
        fields = shape(signature).inputs
        parts = [
            rendered(field, inputs[name], bare=len(fields) == 1)
            for name, field in fields.items()
            if given(inputs, name)
        ]
        return "\n\n".join(part for part in (prefix, *parts, suffix) if part)

    def format_assistant_message_content(
        self, signature: type[dspy.Signature], outputs: Any, missing_field_message: str | None = None
    ) -> str:
        """Return the reasoning, where there is one, and the answer lines. What is missing is left out, not excused."""
        known = shape(signature)
        free = FREE in known.outputs and FREE not in known.answers
        lines = [str(outputs[FREE]).strip()] if free and given(outputs, FREE) else []
        for name in known.answers:
            if given(outputs, name):
                value = format_field_value(known.outputs[name], outputs[name])
                block = f"```{known.fence}\n{value}\n```"
                lines.append(block if known.fence else f"{known.labels[name]} {value}".strip())
        return "\n".join(line for line in lines if line)

    def parse(self, signature: type[dspy.Signature], completion: str) -> dict[str, Any]:
        """Return the output fields. Raises AdapterParseError."""
        known = shape(signature)
        if len(known.answers) == 1:
            texts = _one(known, completion)
        else:
            found = parsing.labelled(completion, known.labels)
            texts = {**found, FREE: found[""]}
        try:
            fields = {name: parse_value(texts[name], field.annotation) for name, field in known.outputs.items()}
        except (KeyError, ValueError) as error:
            raise AdapterParseError(
                "PlainAdapter", signature, completion, message=f"The output holds no readable {error}."
            ) from error
        return fields


def _one(known: "Shape", completion: str) -> dict[str, str]:
    """Return the only answer and the free text before it, nothing where there is no answer."""
    name = known.answers[0]
    ended = not truncated()
    if known.fence:
        block = code.read(completion, ended=ended)
        return {} if block is None else {FREE: block.before, name: block.value}
    if not known.labels[name]:
        return {name: completion.strip(" \t\r\n")}
    pattern = extra(known.outputs[name], "pattern")
    found = parsing.after_marker(completion, known.labels[name], pattern)
    if found is None and ended:
        found = parsing.last_line(completion, pattern)
        if found and (calls := current()) is not None:
            calls.notes["marker"] = "missing"
    return {} if found is None else {FREE: found.before, name: found.value}


def truncated() -> bool:
    """Return whether the output being read was cut off by the token limit: the one of the last call of this context."""
    call = last()
    return call is not None and call.finish_reason == "length"


@dataclass(frozen=True)
class Shape:
    """What rendering and reading need to know of a signature; worked out once, since DSPy works its fields out anew."""

    system: str
    inputs: dict[str, Any]
    outputs: dict[str, Any]
    answers: tuple[str, ...]
    """The outputs that are answers, not free text; a signature of free text alone has that as its answer."""
    labels: dict[str, str]
    """Label of each answer: its marker, else its name; empty for a single output that asks for no marker."""
    fence: str
    """Language of the only answer, where it is a block of code; else empty."""


def shape(signature: Any) -> Shape:
    """Return the shape of a signature."""
    return _shape(signature, signature.instructions)


@lru_cache(maxsize=256)
def _shape(signature: Any, instructions: str) -> Shape:
    outputs = dict(signature.output_fields)
    answers = tuple(name for name in outputs if name != FREE) or tuple(outputs)
    alone = len(outputs) == 1
    labels = {name: extra(outputs[name], "marker") or ("" if alone else label_of(name)) for name in answers}
    fence = extra(outputs[answers[0]], "fence") if len(answers) == 1 else ""
    closing = _closing_block(outputs, fence) if fence else _closing(outputs, labels)
    system = f"{textwrap.dedent(instructions).strip()} {closing}".strip()
    return Shape(system, dict(signature.input_fields), outputs, answers, labels, fence)


def _closing_block(outputs: Mapping[str, Any], fence: str) -> str:
    form = f'one block of {fence.capitalize()} code, from "```{fence}" to "```"'
    if FREE not in outputs:
        return f"Reply with {form}."
    return f"{_desc(outputs[FREE]) or 'Think step by step'}. End with {form}."


def _closing(outputs: Mapping[str, Any], labels: Mapping[str, str]) -> str:
    """Say in which form the answer is wanted."""
    lines = [_line(label, name, outputs[name]) for name, label in labels.items() if label]
    if not lines:
        return ""
    one = len(lines) == 1
    form = f"line of the form {lines[0]}" if one else f"lines of these forms: {'; '.join(lines)}"
    if FREE not in outputs or FREE in labels:
        return f"Reply with {'one ' if one else ''}{form}."
    return f"{_desc(outputs[FREE]) or 'Think step by step'}. End with {'a last ' if one else ''}{form}."


def _line(label: str, name: str, field: Any) -> str:
    """Show an answer line, such as `"#### N", where N is the answer as a number`."""
    stands = extra(field, "placeholder") or name.upper()
    return f'"{label} {stands}", where {stands} is {_desc(field) or "the " + name.replace("_", " ")}'


def extra(field: Any, name: str) -> str:
    """Return what `marked` or DSPy noted on a field under a name, "" where there is nothing."""
    return str((field.json_schema_extra or {}).get(name) or "")


def label_of(name: str) -> str:
    """Return the label of a field without a marker: `next_query` has "Next query:"."""
    return name.replace("_", " ").capitalize() + ":"


def _desc(field: Any) -> str:
    desc = extra(field, "desc")
    return "" if desc.startswith("${") else desc


def given(values: Any, name: str) -> bool:
    """Return whether there is a value of that name, and it is not empty text."""
    return name in values and values[name] is not None and values[name] != ""


def rendered(field: Any, value: Any, *, bare: bool) -> str:
    """Return an input as text: lists of text as paragraphs, everything else behind its label unless `bare`."""
    if isinstance(value, list | tuple) and all(isinstance(item, str) for item in value):
        return "\n\n".join(value)
    text = value if isinstance(value, str) else str(format_field_value(field, value))
    return text if bare else f"{extra(field, 'prefix')} {text}".strip()
