"""The plain adapter with outputs that the server constrains, so that each can be read: vLLM's `structured_outputs`."""

import re
from typing import Any, Literal, get_args, get_origin

import dspy
from dspy.utils.exceptions import AdapterParseError

from dspysota.programs.lm import CONSTRAINT
from dspysota.programs.plain import FREE, PlainAdapter, Shape, extra, shape, truncated
from dspysota.programs.reply import WireError
from dspysota.records import Failure

FREE_CHARACTERS = 800
"""Characters of reasoning at most, after which only the answer can follow.

Fewer than 260 tokens of arithmetic or 200 of prose to most tokenizers, so that the limit on tokens is not met first.
It does not depend on that limit, so that a warm-up with another one has the server compile the same expression.
"""

_AROUND = 40
_LINE = r"[^\s][^\n]{0,119}"
_OF_TYPE = {int: "-?[0-9]{1,18}", float: r"-?[0-9]{1,18}(?:\.[0-9]{1,18})?", bool: "(?:True|False)"}


class StructuredAdapter(PlainAdapter):
    """Renders and reads as `PlainAdapter`; the server lets the model write nothing but reasoning and answer lines.

    The constraint is a regular expression: up to `FREE_CHARACTERS` of anything, where there is reasoning, then a line
    for each answer. An output that ends otherwise shows that the server ignored it, and is a server error: such
    answers would pass for constrained ones. A signature whose only output is its whole text, or a block of code, has no
    constraint.
    """

    def parse(self, signature: type[dspy.Signature], completion: str) -> dict[str, Any]:
        """Return the output fields. Raises AdapterParseError, and WireError where the constraint was ignored."""
        if not _obeys(completion.strip(), shape(signature)):
            if not truncated():
                raise WireError(Failure.SERVER_ERROR, _IGNORED)
            raise AdapterParseError(
                "StructuredAdapter", signature, completion, message="The output was cut off before its answer."
            )
        return super().parse(signature, completion)

    def _call_preprocess(
        self, lm: Any, lm_kwargs: dict[str, Any], signature: type[dspy.Signature], inputs: dict[str, Any]
    ) -> type[dspy.Signature]:
        """Have the output constrained; what lm_kwargs then hold goes to the model."""
        if (pattern := constraint(signature)) is not None:
            lm_kwargs["extensions"] = {**(lm_kwargs.get("extensions") or {}), CONSTRAINT: {"regex": pattern}}
            # The expression says where an output ends; a stop string within the reasoning would look like disobedience.
            lm_kwargs["stop"] = []
        return super()._call_preprocess(lm, lm_kwargs, signature, inputs)


_IGNORED = (
    "The server ignores structured outputs: this output is not of the form asked for. "
    "Take another adapter, such as 'plain', or a server of vLLM."
)


def constraint(signature: Any) -> str | None:
    """Return the regular expression that a whole output has to match, None where any text will do.

    It has no look-around and every repetition in it is bounded, as the compilers of such expressions want it.
    """
    known = shape(signature)
    lines = _lines(known)
    if lines is None:
        return None
    return rf"[\s\S]{{0,{FREE_CHARACTERS}}}\n{lines}" if _free(known) else lines


def _obeys(output: str, known: Shape) -> bool:
    """Return whether the answer lines end the output, and nothing stands before them where nothing may.

    White space at both ends does not count: some tokenizers add it, some servers take it away.
    """
    lines = _lines(known)
    if lines is None:
        return True
    return re.search(rf"(?:\A|\n){lines}\Z" if _free(known) else rf"\A{lines}\Z", output) is not None


def _free(known: Shape) -> bool:
    return FREE in known.outputs and FREE not in known.answers


def _lines(known: Shape) -> str | None:
    """Return the expression of the answer lines, None where the only answer is the whole text."""
    labels = known.labels
    if not all(labels.values()):
        return None
    return r"\n".join(f"{_literal(labels[name])} {_value(known.outputs[name])}" for name in known.answers)


def _value(field: Any) -> str:
    """Return the expression of an answer: what the field says itself, else what its type or its pattern allows."""
    if form := extra(field, "form"):
        return form
    if get_origin(field.annotation) is Literal:
        return f"(?:{'|'.join(_literal(str(choice)) for choice in get_args(field.annotation))})"
    if pattern := extra(field, "pattern"):
        return rf"[^\n]{{0,{_AROUND}}}(?:{pattern})[^\n]{{0,{_AROUND}}}"
    return _OF_TYPE.get(field.annotation, _LINE)


def _literal(text: str) -> str:
    """Escape what has a meaning in every dialect, and nothing else: `re.escape` writes what some compilers refuse."""
    return re.sub(r"([\\.^$*+?{}\[\]|()])", r"\\\1", text)
