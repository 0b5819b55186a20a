"""The number at once."""

import dspy

from dspysota.programs.signatures.gsm8k import Solve


class Direct(dspy.Module):
    """The number at once, without working."""

    def __init__(self) -> None:
        super().__init__()
        self.solve = dspy.Predict(Solve)

    def forward(self, question: str) -> dspy.Prediction:
        """Return a prediction with `answer`."""
        return self.solve(question=question)


PROGRAM = Direct
