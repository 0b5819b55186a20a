"""Several programs asked the same question, and the answer of their majority."""

from collections.abc import Sequence
from typing import Any

import dspy

from dspysota.programs.samples import Samples
from dspysota.programs.sampling import NormalForm, Vote


class Ensemble(Vote):
    """The answer of the majority of `members`, the better ones first: of equally many votes theirs wins.

    A vote like that over samples of one program, except that each member is asked once, with the model as it is. An
    output that cannot be read is a lost vote; a failed request is an error, and never outvoted.
    """

    def __init__(self, members: Sequence[dspy.Module], normal_form: NormalForm) -> None:
        super().__init__(members[0], Samples("vote", len(members)), normal_form)
        del self.program
        self.members = list(members)

    def named_parameters(self) -> list[tuple[str, Any]]:
        """Return the parameters of every member, its place before them."""
        return dspy.Module.named_parameters(self)

    def drawn(self, number: int) -> dspy.Module:
        """Return the member of that number."""
        return self.members[number]

    def lm(self, number: int) -> Any:
        """Return the model as it is: members differ by what they show, not by their seeds."""
        return dspy.settings.lm
