"""An adapter for base models, which know no turns: one text of blocks like "Question: … Answer: …", to be continued."""

from typing import Any

import dspy
from dspy.utils.exceptions import AdapterParseError

from dspysota.programs.lm import PLAIN_TEXT
from dspysota.programs.plain import FREE, PlainAdapter, Shape, extra, given, label_of, rendered, shape, truncated


class CompletionAdapter(PlainAdapter):
    """Renders instructions, demonstrations and question as one text, sent to /v1/completions; reads as `PlainAdapter`.

    Blocks are separated by blank lines and have none inside. The last one ends where the answer is to begin. The label
    of every input, at the start of a line, ends the output: a base model goes on and invents the next question.
    """

    def format(self, signature: type[dspy.Signature], demos: list[Any], inputs: dict[str, Any]) -> list[dict[str, Any]]:
        """Return the text, as a single user turn; `_call_preprocess` has it sent as it is."""
        opening, _ = _lead(shape(signature))
        blocks = [self.format_system_message(signature)]
        turns = [turn["content"] for turn in self.format_demos(signature, demos)]
        for asked, answered in zip(turns[::2], turns[1::2], strict=True):
            blocks.append(f"{asked}\n{opening}{self.continuation(signature, answered)}")
        question = self.format_user_message_content(signature, inputs, main_request=True)
        # No space at the end: to most tokenizers it belongs to the word that follows.
        blocks.append(f"{question}\n{opening}".strip())
        return [{"role": "user", "content": "\n\n".join(blocks)}]

    def format_user_message_content(
        self,
        signature: type[dspy.Signature],
        inputs: Any,
        prefix: str = "",
        suffix: str = "",
        main_request: bool = False,
    ) -> str:
        """Return the inputs, each behind its label, lists with an item a line."""
        lines = []
        for name, field in shape(signature).inputs.items():
            if given(inputs, name):
                between = "\n" if isinstance(inputs[name], list | tuple) else " "
                lines.append(f"{extra(field, 'prefix')}{between}{_dense(rendered(field, inputs[name], bare=True))}")
        return "\n".join(part for part in (prefix, *lines, suffix) if part)

    def continuation(self, signature: type[dspy.Signature], answered: str) -> str:
        """Return what continues the text of `format` where the answer is `answered`, as demonstrations have it."""
        _, own = _lead(shape(signature))
        return f" {_dense(answered).removeprefix(own).strip()}"

    def parse(self, signature: type[dspy.Signature], completion: str) -> dict[str, Any]:
        """Return the output fields. Raises AdapterParseError."""
        _, own = _lead(shape(signature))
        if own and truncated() and "\n" not in completion.strip():
            raise AdapterParseError(
                "CompletionAdapter", signature, completion, message="The output was cut off within the answer."
            )
        return super().parse(signature, f"{own} {completion}" if own else completion)

    def _call_preprocess(
        self, lm: Any, lm_kwargs: dict[str, Any], signature: type[dspy.Signature], inputs: dict[str, Any]
    ) -> type[dspy.Signature]:
        """Have the text sent to /v1/completions, with stop strings; what lm_kwargs then hold goes to the model."""
        stop = lm_kwargs.get("stop") or lm.kwargs.get("stop") or ()
        labels = [f"\n{extra(field, 'prefix')}" for field in shape(signature).inputs.values()]
        lm_kwargs["stop"] = list(dict.fromkeys([*([stop] if isinstance(stop, str) else stop), *labels]))
        lm_kwargs["extensions"] = {**(lm_kwargs.get("extensions") or {}), PLAIN_TEXT: True}
        return super()._call_preprocess(lm, lm_kwargs, signature, inputs)


def _lead(known: Shape) -> tuple[str, str]:
    """Return what stands at the end of a question's block, and the part of it that opens the answer line.

    Where reasoning comes first, that part is empty: the model writes the answer line itself.
    """
    first = known.labels[known.answers[0]]
    if FREE in known.outputs and FREE not in known.answers:
        return ("Reasoning:" if "Answer:" in known.labels.values() else "Answer:"), ""
    if not first:
        return label_of(known.answers[0]), ""
    return (first if first[:1].isalnum() else f"Answer: {first}"), first


def _dense(text: str) -> str:
    """Take out blank lines, which separate blocks."""
    return "\n".join(line for line in text.strip().split("\n") if line.strip())
