"""What a model's weights are to be trained on, and who does it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from dspysota.records import Training


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """Right answers as training data, and how the weights are to learn from them."""

    conversations: tuple[Mapping[str, Any], ...]
    """`prompt` and `completion` of each: both lists of chat turns, or both texts for a model without a template."""
    epochs: int
    """How often each conversation is seen."""
    rank: int
    """Of the low-rank matrices that are added to each linear layer."""
    learning_rate: float
    """At its highest; it warms up and falls to zero by a cosine."""
    batch: int
    """Conversations a step."""
    seed: int


class Trainer(Protocol):
    """Trains the weights of the program's own model."""

    def check(self) -> None:
        """Raise ProgramError where nothing could be trained; asked before anything is paid for."""

    def train(
        self,
        lesson: Lesson,
        folder: Callable[[str], Path],
        *,
        left: Callable[[], float | None],
        say: Callable[[str], None],
    ) -> Training:
        """Write trained weights, as a server reads them, to the folder of their digest, whole or not at all.

        `left` tells how many seconds there are for training, None where they are not bounded; it is asked when the
        training begins. Ends with the step in which they are over, with what was learned by then. Raises ProgramError.
        """
