"""A program that shows other demonstrations for every question: those that are nearest to it."""

import copy
from collections.abc import Callable, Mapping
from typing import Any

import dspy
from dspy.predict.parameter import Parameter

from dspysota.programs.retrieval.bm25 import Bm25Index

ROW = "training_question"
"""Field of a demonstration that says which training question it answers; no signature has it, so it is never shown."""

Fits = Callable[[Any, Any, list[Any], int], bool]
"""Whether what an adapter makes of a signature and demonstrations takes at most so many tokens; none always do."""


class Choice(Parameter):
    """How demonstrations are chosen, as part of the program's state: the `k` nearest, as far as they fit.

    `room` is the number of tokens that a prompt may take; None where it is not known.
    """

    def __init__(self, k: int = 4, room: int | None = None) -> None:
        self.k = k
        self.room = room

    def reset(self) -> None:
        """Keep both: they are settings and were not learned."""

    def dump_state(self, json_mode: bool = True) -> dict[str, Any]:
        """Return both."""
        return {"k": self.k, "room": self.room}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Take both. Raises ValueError where they are none."""
        k, room = state["k"], state["room"]
        if type(k) is not int or k < 1 or not (room is None or type(room) is int):
            raise ValueError(f"no choice of demonstrations: {k!r}, {room!r}")
        self.k, self.room = k, room


class Nearest(dspy.Module):
    """Shows of all demonstrations of `program` those nearest to the question, by BM25; the nearest stands last.

    The demonstrations that the predictors of `program` hold are the pool; each says in the field `training_question`
    which row it is of. What does not fit into the context is left out, the farthest first. Safe to ask from many
    threads: each question has a copy of the program, and the pool is only read.
    """

    def __init__(self, program: dspy.Module, fits: Fits) -> None:
        super().__init__()
        self.program = program
        self.fits = fits
        self.choice = Choice()

    def named_parameters(self) -> list[tuple[str, Any]]:
        """Return those of the program, under the same names, and `choice`."""
        return [*self.program.named_parameters(), ("choice", self.choice)]

    def forward(self, **inputs: Any) -> dspy.Prediction:
        """Return the prediction of the program with the demonstrations for this question."""
        return self.shown(str(inputs["question"]))(**inputs)

    def shown(self, question: str) -> dspy.Module:
        """Return the program with the demonstrations for a question."""
        pools = {name: _by_row(predictor) for name, predictor in self.program.named_predictors()}
        rows = list(dict.fromkeys(row for pool in pools.values() for row in pool))
        nearest = ranked(rows, question)[: self.choice.k]
        memo: dict[int, Any] = {}
        for name, predictor in self.program.named_predictors():
            demos = [pools[name][row] for row in reversed(nearest) if row in pools[name]]
            # The copy takes what the memo holds in the place of the pool, which is therefore never copied.
            memo[id(predictor.demos)] = self._fitting(predictor.signature, demos)
        return copy.deepcopy(self.program, memo)

    def _fitting(self, signature: Any, demos: list[Any]) -> list[Any]:
        if self.choice.room is not None:
            adapter = dspy.settings.adapter or dspy.ChatAdapter()
            while not self.fits(adapter, signature, demos, self.choice.room):
                demos = demos[1:]
        return demos


def ranked(questions: list[str], question: str) -> list[str]:
    """Return the questions, nearest first; those that share no word with it come last, in their order."""
    nearest = [questions[place] for place in Bm25Index(questions).ranking(question)]
    return list(dict.fromkeys([*nearest, *questions]))


def _by_row(predictor: Any) -> dict[str, Any]:
    return {str(demo[ROW]): demo for demo in predictor.demos if ROW in demo}
