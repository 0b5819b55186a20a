"""Step by step, then the number."""

import dspy

from dspysota.programs.signatures.gsm8k import Solve


class ChainOfThought(dspy.Module):
    """Step by step, then the number."""

    def __init__(self) -> None:
        super().__init__()
        self.solve = dspy.ChainOfThought(Solve)

    def forward(self, question: str) -> dspy.Prediction:
        """Return a prediction with `reasoning` and `answer`."""
        return self.solve(question=question)


PROGRAM = ChainOfThought
