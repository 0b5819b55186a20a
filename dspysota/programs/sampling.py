"""Programs that ask a base program several times: self-consistency (`vote`) and best of k (`best`).

The samples of one question are drawn one after the other: the evaluation loop keeps the server full with other
questions. Each is the base program's whole run at a temperature of its own, with a seed derived from the model's seed
and the sample's number, so that samples differ from each other and repeat from run to run.

Not `dspy.BestOfN`, although `best` means the same (samples until one reaches the threshold, else the first of the
highest reward): that one takes any exception for a lost attempt and prints it, so that a dead server would look like a
weak model; runs deep copies, whose predictors no optimizer finds again in the trace; fails where tracing is off; and
samples at temperature 1.0 only. `dspy.majority` votes over the completions of one call, not over whole runs.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import dspy
from dspy.utils.exceptions import AdapterParseError

from dspysota.programs.calls import current, recording
from dspysota.programs.lm import derived_seed
from dspysota.programs.samples import Samples

LONGEST_SHOWN = 80
"""Characters of an answer that `details` show; longer ones that begin alike are shown as one."""

NormalForm = Callable[[str], str | None]
"""The form in which equal answers are equal texts, None for what is no answer."""

_NONE, _CUT, _WHOLE = range(3)


@dataclass(frozen=True)
class Sample:
    """One run of the base program. `form` is the normal form of its answer, None where it gave none.

    `cut` says that its last call ended at the token limit; `place` is that call's in the case's recording.
    """

    number: int
    prediction: Any
    form: str | None
    cut: bool
    place: int | None
    notes: Mapping[str, Any]
    trace: Sequence[Any]

    @property
    def reward(self) -> int:
        """What can be said for it without a gold answer: an answer, or even one of an output that was not cut off."""
        if self.form is None:
            return _NONE
        return _CUT if self.cut else _WHOLE


class Sampled(dspy.Module):
    """Several samples of `program`. Its predictors are those of `program`, under the same names.

    So demonstrations, and saved states, of the base program fit this one. An output that cannot be read is a lost
    sample; what else the program raises, such as a failed request, is raised: an error is never outvoted. The model
    is that of `dspy.settings`; one that was set on a predictor itself would be asked as it is, without its samples.
    """

    def __init__(self, program: dspy.Module, samples: Samples, normal_form: NormalForm) -> None:
        super().__init__()
        self.program = program
        self.samples = samples
        self.normal_form = normal_form

    def named_parameters(self) -> list[tuple[str, Any]]:
        """Return the parameters of the base program."""
        return self.program.named_parameters()

    def draw(self, number: int, inputs: Mapping[str, Any]) -> Sample:
        """Run the base program as sample `number`, from 0. Raises what it raises, but for an unreadable output."""
        listening, tracing = current(), dspy.settings.trace is not None
        trace: list[Any] = []
        with recording() as calls:
            try:
                with dspy.context(lm=self.lm(number), trace=trace if tracing else None):
                    prediction = self.drawn(number)(**inputs)
            except AdapterParseError:
                prediction = None
            finally:
                if listening is not None:
                    listening.extend(calls)
        answer = None if prediction is None else prediction.get("answer")
        return Sample(
            number=number,
            prediction=prediction,
            form=None if answer is None else self.normal_form(str(answer)),
            cut=bool(calls) and calls[-1].finish_reason == "length",
            place=len(listening) - 1 if listening is not None and calls else None,
            notes=calls.notes,
            trace=trace,
        )

    def drawn(self, number: int) -> dspy.Module:
        """Return the program that is run for one sample."""
        return self.program

    def lm(self, number: int) -> Any:
        """Return the model for one sample; under a rollout, as bootstrapping asks in, it draws others than without."""
        lm = dspy.settings.lm
        seed = derived_seed(lm.kwargs.get("seed") or 0, lm.kwargs.get("rollout_id"), 0)
        return lm.copy(temperature=self.samples.temperature, seed=seed, rollout_id=number)

    def take(self, sample: Sample, details: Mapping[str, Any]) -> dspy.Prediction:
        """Return a sample's prediction as the program's own: its notes, trace and deciding call are the case's."""
        if (calls := current()) is not None:
            calls.taken = sample.place
            calls.notes.update(sample.notes)
        if (trace := dspy.settings.trace) is not None:
            trace.extend(sample.trace)
        fields = {} if sample.prediction is None else dict(sample.prediction.items())
        answer = None if sample.form is None else fields["answer"]
        return dspy.Prediction(**{**fields, "answer": answer, "details": {**(fields.get("details") or {}), **details}})


class Vote(Sampled):
    """The answer of the majority of the samples (self-consistency: Wang et al. 2022, arXiv 2203.11171).

    Answers are equal when their normal forms are; of equally many votes the answer that came first wins. Samples
    without an answer do not vote, nor do those that were cut off, unless no other has an answer.
    """

    def forward(self, **inputs: Any) -> dspy.Prediction:
        """Return the first sample with the majority's answer; `answer` is None where no sample has one.

        `details` tells, besides those of the sample, the `votes` by answer, the `agreement` (votes of the answer
        taken over all samples, in [0, 1]) and which `sample` was taken, from 1.
        """
        samples = [self.draw(number, inputs) for number in range(self.samples.count)]
        highest = max(sample.reward for sample in samples)
        voters = [sample for sample in samples if sample.reward == highest > _NONE]
        votes = Counter(sample.form for sample in voters)
        if not votes:
            return self.take(_lost(samples), {"votes": {}, "agreement": 0.0})
        ((winner, most),) = votes.most_common(1)  # of equal counts the one counted first
        taken = next(sample for sample in voters if sample.form == winner)
        details = {"votes": _shown(votes), "agreement": most / self.samples.count, "sample": taken.number + 1}
        return self.take(taken, details)


class Best(Sampled):
    """The first sample that has an answer and was not cut off; failing that, the first that has an answer."""

    def forward(self, **inputs: Any) -> dspy.Prediction:
        """Return that sample; `answer` is None where no sample has one.

        `details` tells, besides those of the sample, how many `samples` were drawn and which `sample` was taken,
        from 1.
        """
        samples: list[Sample] = []
        while len(samples) < self.samples.count and not (samples and samples[-1].reward == _WHOLE):
            samples.append(self.draw(len(samples), inputs))
        taken = max(samples, key=lambda sample: sample.reward)
        if taken.reward == _NONE:
            return self.take(_lost(samples), {"samples": len(samples)})
        return self.take(taken, {"samples": len(samples), "sample": taken.number + 1})


def sampled(program: dspy.Module, samples: Samples, normal_form: NormalForm) -> Sampled:
    """Return the program that draws `samples` of another."""
    kind = Vote if samples.kind == "vote" else Best
    return kind(program, samples, normal_form)


def _lost(samples: Sequence[Sample]) -> Sample:
    """Return the sample that says why there is no answer: one that was cut off goes before an unreadable one."""
    return next((sample for sample in samples if sample.cut), samples[-1])


def _shown(votes: Mapping[str | None, int]) -> dict[str, int]:
    """Return the votes by answer, most first; at most one entry a sample."""
    shown: Counter[str] = Counter()
    for form, number in votes.items():
        shown[str(form)[:LONGEST_SHOWN]] += number
    return dict(shown.most_common())
