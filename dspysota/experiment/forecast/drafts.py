"""Prompts as they will be, counted: of a plan's rows, or of enough of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import fmean
from typing import TYPE_CHECKING

from dspysota import approaches, programs
from dspysota.experiment.forecast.tokens import Counter, counter
from dspysota.experiment.plan import Plan
from dspysota.programs.retrieval import naming
from dspysota.records import Example

if TYPE_CHECKING:
    from dspysota.approaches.rendering import Rendered  # importing it imports DSPy

ROWS = 50
"""Rows that are rendered at most, evenly spread: their mean is within a percent or two of that of all."""

DEMONSTRATIONS = 4
"""What a bootstrap adds, unless its settings say otherwise."""


@dataclass(frozen=True)
class Draft:
    """What a plan's program sends for a question, as means over rows. `steps` are the requests of one sample."""

    plan: Plan
    rendered: Sequence[Rendered]
    counter: Counter

    @cached_property
    def steps(self) -> float:
        """Requests a question, of one sample."""
        return fmean(len(one.steps) for one in self.rendered)

    @cached_property
    def prompt(self) -> float:
        """Prompt tokens a question, of one sample, as the program is now."""
        sent = [step.messages for one in self.rendered for step in one.steps]
        return sum(self.counter.count(sent)) / len(self.rendered)

    @cached_property
    def last_turn(self) -> float:
        """Tokens of what a request asks last: about as long as a demonstration's question."""
        last = [step.messages[-1].content for one in self.rendered for step in one.steps]
        return fmean(self.counter.count(last)) if last else 0.0

    def demonstrated(self, answer: float) -> float:
        """Prompt tokens a question once a bootstrap has added its demonstrations, with answers of so many tokens.

        Each request shows each demonstration's question and answer, as far as the context has room for them.
        """
        cell = self.plan.cell
        whole, part = approaches.split(cell.approach)
        wanted = cell.optimize.settings.get(whole, {}).get("max_bootstrapped_demos", DEMONSTRATIONS)
        shown = 0 if part else int(str(wanted)) if str(wanted).isdecimal() else DEMONSTRATIONS
        own = self.prompt / self.steps if self.steps else 0.0
        full = own + shown * (self.last_turn + answer)
        if self.context is not None:
            full = min(full, max(own, self.context - self.plan.task.max_tokens))
        return full * self.steps

    @property
    def context(self) -> int | None:
        """Tokens of prompt and answer that the model takes, where that is known."""
        return self.plan.use.max_model_len or (self.plan.spec.context_length if self.plan.spec else None)


class Drafts:
    """Makes drafts; the same prompts for another model are only counted anew."""

    def __init__(self) -> None:
        self._rendered: dict[str, Sequence[Rendered]] = {}
        self._counters: dict[str, Counter] = {}

    def of(self, plan: Plan) -> Draft:
        """The draft of a plan. Raises SotaError where its program cannot be made."""
        cell = plan.cell
        if cell.model not in self._counters:
            self._counters[cell.model] = counter(plan.spec, plan.weights)
        draft = Draft(plan, (), self._counters[cell.model])
        names = (cell.task, cell.program, cell.approach, cell.adapter, plan.info.digest, draft.context)
        key = repr((*names, cell.optimize.settings.get(cell.approach)))
        if key not in self._rendered:
            self._rendered[key] = _render(plan, draft.context)
        return Draft(plan, self._rendered[key], draft.counter)


def _render(plan: Plan, context: int | None) -> Sequence[Rendered]:
    from dspysota.approaches import rendering  # late: it imports DSPy

    cell = plan.cell
    # As many paragraphs are found whichever way they are looked for; embeddings may be another model's.
    base, _ = naming.split(programs.split(cell.program)[0])
    module = rendering.unasked(cell, base, plan.data.splits, context)
    return list(rendering.render(module, cell.adapter, spread(plan.rows, ROWS)))


def spread(rows: Sequence[Example], most: int) -> Sequence[Example]:
    """At most so many of the rows, at even distances."""
    return rows if len(rows) <= most else [rows[place * len(rows) // most] for place in range(most)]
