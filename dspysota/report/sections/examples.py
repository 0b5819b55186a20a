"""The examples: some cases of each run as they are, and all of them as data for the page's script.

Cases of a run mostly begin with the same turns (instructions, demonstrations). Those are written once a run, and each
call then shows only what is its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dspysota.records import Call, Case, Message
from dspysota.report import examples
from dspysota.report.examples.kinds import KINDS, kind_of
from dspysota.report.examples.paragraphs import Paragraph, others, paragraphs
from dspysota.report.examples.text import Text, told
from dspysota.report.view import Report, RunView


@dataclass(frozen=True)
class Turn:
    """One message of a prompt."""

    role: str
    text: Text

    @classmethod
    def of(cls, message: Message) -> Turn:
        """The message, bounded."""
        return cls(message.role, Text.of(message.content))


@dataclass(frozen=True)
class Shared:
    """The first turns of a prompt, common to several calls of a run."""

    anchor: str
    letter: str
    turns: tuple[Turn, ...]
    calls: int


@dataclass(frozen=True)
class CallView:
    """One call: the prompt that it shares, the turns of its own, and what came back."""

    call: Call
    shared: Shared | None
    own: tuple[Turn, ...]
    output: Text


@dataclass(frozen=True)
class CaseView:
    """One case with its place in the page."""

    anchor: str
    case: Case
    kind: str
    question: Text
    prediction: Text | None
    error: Text | None
    paragraphs: tuple[Paragraph, ...]
    calls: tuple[CallView, ...]
    details: tuple[tuple[str, Text], ...]
    beside: Case | None
    """The reference's case of the same example."""


@dataclass(frozen=True)
class RunExamples:
    """Some cases of one run, and the prompts that they share with others of the run."""

    view: RunView
    cases: tuple[CaseView, ...]
    shared: tuple[Shared, ...]


def values(report: Report) -> Mapping[str, object] | None:
    """The sample of every run that has cases, and the data of all."""
    views = [view for view in report.runs if view.n]
    if not views:
        return None
    chosen = examples.sampled(report)
    by_key = {view.run.info.key: view for view in views}
    beside = examples.references([view.run for view in views], report.meta)
    groups = [
        _examples(view, chosen.get(view.number, ()), by_key.get(beside.get(view.run.info.key, ""))) for view in views
    ]
    seen = {kind_of(case) for view in views for case in view.run.cases}
    return {
        "groups": groups,
        "shown": sum(len(group.cases) for group in groups),
        "all": sum(view.n for view in views),
        "data": examples.of_report(report),
        "kinds": [(place, kind) for place, kind in enumerate(KINDS) if kind in seen],
        "approaches": list(dict.fromkeys(view.run.info.prepared for view in views)),
        "compared": bool(beside),
    }


def _examples(view: RunView, places: Sequence[int], reference: RunView | None) -> RunExamples:
    cases = [(place, view.run.cases[place - 1]) for place in places]
    needed = {call.messages[0] for _, case in cases for call in case.calls if len(call.messages) > 1}
    shared: dict[Message, Shared] = {}
    for first, (turns, used) in prefixes([call for case in view.run.cases for call in case.calls]).items():
        if first in needed:
            anchor = f"{view.anchor}-prompt-{len(shared) + 1}"
            shared[first] = Shared(anchor, _letter(len(shared)), tuple(map(Turn.of, turns)), used)
    others_cases = {(case.case_id, case.question): case for case in reference.run.cases} if reference else {}
    return RunExamples(
        view=view,
        cases=tuple(
            _case(f"{view.anchor}-case-{place}", case, shared, others_cases.get((case.case_id, case.question)))
            for place, case in cases
        ),
        shared=tuple(shared.values()),
    )


def prefixes(calls: Sequence[Call]) -> dict[Message, tuple[tuple[Message, ...], int]]:
    """By their first message, the turns that several calls have in common, and how many calls those are.

    The last turn of a call is never part of it: that is where a question is its own even if asked twice.
    """
    groups: dict[Message, list[tuple[Message, ...]]] = defaultdict(list)
    for call in calls:
        if len(call.messages) > 1:
            groups[call.messages[0]].append(call.messages[:-1])
    return {first: (_common(group), len(group)) for first, group in groups.items() if len(group) > 1}


def _common(group: Sequence[tuple[Message, ...]]) -> tuple[Message, ...]:
    shortest, longest = min(group, key=len), group
    for place, turn in enumerate(shortest):
        if any(other[place] != turn for other in longest):
            return shortest[:place]
    return shortest


def _case(anchor: str, case: Case, shared: Mapping[Message, Shared], beside: Case | None) -> CaseView:
    return CaseView(
        anchor=anchor,
        case=case,
        kind=kind_of(case),
        question=Text.of(case.question),
        prediction=None if case.prediction is None else Text.of(case.prediction),
        error=None if case.error is None else Text.of(case.error),
        paragraphs=paragraphs(case),
        calls=tuple(_call(call, shared) for call in case.calls),
        details=tuple((name, Text.of(told(value))) for name, value in others(case)),
        beside=beside,
    )


def _call(call: Call, shared: Mapping[Message, Shared]) -> CallView:
    prompt = shared.get(call.messages[0]) if len(call.messages) > 1 else None
    own = call.messages[len(prompt.turns) :] if prompt else call.messages
    return CallView(call=call, shared=prompt, own=tuple(map(Turn.of, own)), output=Text.of(call.output))


def _letter(place: int) -> str:
    """A, B, … Z, then numbers: nobody reads that many prompts."""
    return chr(ord("A") + place) if place < 26 else str(place + 1)
