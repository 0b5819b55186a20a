"""Keeps demonstrations within the model's context."""

import math
import threading
from collections.abc import Sequence
from typing import Any

import dspy
from dspy.utils.callback import BaseCallback

from dspysota.compiling import saved
from dspysota.compiling.job import Job
from dspysota.programs import make_adapter

CHARACTERS_PER_TOKEN = 3.0
"""A cautious estimate: English text has more than four, digits and names fewer."""


def fit(module: dspy.Module, job: Job) -> tuple[str, ...]:
    """Drop demonstrations that would not fit, the last ones first, and return a note for each predictor that lost any.

    The rule: instructions, all demonstrations, and a question as long as the longest that is demonstrated or that a
    training or validation row leads to, at three characters a token, plus the tokens reserved for the answer, must not
    exceed the context length. Nothing is dropped when the context length is not known.

    The rule leaves to chance: test questions longer than all of those, text that takes a token for fewer than three
    characters, and answers in earlier steps that are long and asked about later. Then a case is a context overflow.
    """
    if job.context_length is None:
        return ()
    adapter, room = make_adapter(job.adapter_name), job.context_length - job.max_tokens
    notes = []
    for name, predictor in module.named_predictors():
        before = len(predictor.demos)
        if fits(adapter, predictor.signature, predictor.demos, room - math.ceil(job.at_most / CHARACTERS_PER_TOKEN)):
            continue  # with any question, so that none need be made up
        asked = [job.longest_questions[name]] if name in job.longest_questions else []
        while not fits(adapter, predictor.signature, predictor.demos, room, asked):
            predictor.demos = predictor.demos[:-1]
        if dropped := before - len(predictor.demos):
            notes.append(
                f"{dropped} of {before} demonstrations of {name!r} were left out: they would not fit into "
                f"{job.context_length} tokens."
            )
    return tuple(notes)


class Fitting(BaseCallback):
    """Cuts every program before it is evaluated, so that what is scored is what would be delivered.

    A callback of DSPy's, to be told before the board. Safe in several threads.
    """

    def __init__(self, job: Job) -> None:
        self._job = job
        self._notes: dict[str, tuple[str, ...]] = {}
        self._mutex = threading.Lock()

    def on_evaluate_start(self, call_id: str, instance: Any, inputs: dict[str, Any]) -> None:
        """Cut the program that is about to be scored."""
        self.cut(inputs["program"])

    def cut(self, module: dspy.Module) -> None:
        """Cut a program, and keep what there is to say about it."""
        notes = fit(module, self._job)
        if notes:
            state = saved.state_of(module)
            with self._mutex:  # of two that are the same after their cuts the same one speaks, whichever comes first
                self._notes[state] = max(notes, self._notes.get(state, ()))

    def notes(self, state: str) -> tuple[str, ...]:
        """Return what was said when the program of a state was cut; nothing where it never was."""
        return self._notes.get(state, ())


FRAME = 2000
"""Characters left for the instructions and labels around texts that are shown."""


def how_many(texts: Sequence[str], job: Job) -> int:
    """Return how many of these texts fit into one prompt, whichever they are; at least one.

    All of them where the context length is not known.
    """
    if job.context_length is None:
        return len(texts)
    room = (job.context_length - job.max_tokens) * CHARACTERS_PER_TOKEN - FRAME
    longest = max(len(text) for text in texts)
    return min(len(texts), max(1, int(room // max(longest, 1))))


def fits(adapter: Any, signature: Any, demos: list[Any], room: int, asked: Sequence[Any] = ()) -> bool:
    """Return whether a prompt with these demonstrations takes at most `room` tokens, by the rule above.

    `asked` are questions that will be asked, as values of input fields. No demonstrations always fit.
    """
    if not demos:
        return True

    def size(demo: Any) -> int:
        return len(adapter.format_user_message_content(signature, demo))

    messages = adapter.format(signature, demos, {**max([*demos, *asked], key=size)})
    return math.ceil(sum(len(str(message["content"])) for message in messages) / CHARACTERS_PER_TOKEN) <= room
