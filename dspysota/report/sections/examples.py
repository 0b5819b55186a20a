"""Every case: what was asked, what came back, and the messages really sent.

Cases of a run mostly begin with the same turns (instructions, demonstrations). Those are written once a run, and each
call then shows only what is its own, which keeps a report of a thousand few-shot cases to a readable size.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dspysota.records import Call, Case, Failure, Message
from dspysota.report.text import clip
from dspysota.report.view import Report, RunView

MOST = 20_000
"""Characters shown of one message or output; cases.jsonl holds the whole."""

KINDS = ("right", *(kind.value for kind in reversed(Failure)))
"""Right answers, then failures from the mildest to the hardest."""


@dataclass(frozen=True)
class Text:
    """Text that somebody else wrote, and how many of its characters were left off."""

    shown: str
    cut: int


@dataclass(frozen=True)
class Turn:
    """One message of a prompt."""

    role: str
    text: Text


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
    calls: tuple[CallView, ...]
    details: tuple[tuple[str, Text], ...]


@dataclass(frozen=True)
class RunExamples:
    """The cases of one run, its shared prompts, and how many cases there are of each class."""

    view: RunView
    cases: tuple[CaseView, ...]
    shared: tuple[Shared, ...]
    kinds: tuple[tuple[str, int], ...]


def values(report: Report) -> Mapping[str, object] | None:
    """The examples of every run that has cases."""
    groups = [_examples(view) for view in report.runs if view.n]
    return {"groups": groups, "all_kinds": KINDS} if groups else None


def prefixes(calls: Sequence[Call]) -> dict[Message, tuple[Message, ...]]:
    """The turns that calls with the same first message have in common, by that message.

    The last turn of a call is never part of it: that is where a question is its own even if asked twice.
    """
    groups: dict[Message, list[tuple[Message, ...]]] = defaultdict(list)
    for call in calls:
        if len(call.messages) > 1:
            groups[call.messages[0]].append(call.messages[:-1])
    return {first: _common(group) for first, group in groups.items() if len(group) > 1}


def _common(group: Sequence[tuple[Message, ...]]) -> tuple[Message, ...]:
    shortest, longest = min(group, key=len), group
    for place, turn in enumerate(shortest):
        if any(other[place] != turn for other in longest):
            return shortest[:place]
    return shortest


def _examples(view: RunView) -> RunExamples:
    calls = [call for case in view.run.cases for call in case.calls]
    shared = {}
    for place, (first, turns) in enumerate(prefixes(calls).items()):
        used = sum(call.messages[:1] == (first,) and len(call.messages) > len(turns) for call in calls)
        anchor = f"{view.anchor}-prompt-{place + 1}"
        shared[first] = Shared(anchor, _letter(place), tuple(map(_turn, turns)), used)
    cases = tuple(_case(f"{view.anchor}-case-{i}", case, shared) for i, case in enumerate(view.run.cases, 1))
    counts = [(kind, sum(case.kind == kind for case in cases)) for kind in KINDS]
    kinds = tuple((kind, n) for kind, n in counts if n)
    return RunExamples(view=view, cases=cases, shared=tuple(shared.values()), kinds=kinds)


def _case(anchor: str, case: Case, shared: Mapping[Message, Shared]) -> CaseView:
    return CaseView(
        anchor=anchor,
        case=case,
        kind=case.failure.value if case.failure else "right",
        question=_text(case.question),
        prediction=None if case.prediction is None else _text(case.prediction),
        error=None if case.error is None else _text(case.error),
        calls=tuple(_call(call, shared) for call in case.calls),
        details=tuple((key, _text(_detail(value))) for key, value in case.details.items()),
    )


def _call(call: Call, shared: Mapping[Message, Shared]) -> CallView:
    prompt = shared.get(call.messages[0]) if len(call.messages) > 1 else None
    own = call.messages[len(prompt.turns) :] if prompt else call.messages
    return CallView(call=call, shared=prompt, own=tuple(map(_turn, own)), output=_text(call.output))


def _turn(message: Message) -> Turn:
    return Turn(message.role, _text(message.content))


def _text(text: str) -> Text:
    return Text(*clip(text, MOST))


def _detail(value: object) -> str:
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return " · ".join(value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _letter(place: int) -> str:
    """A, B, … Z, then numbers: nobody reads that many prompts."""
    return chr(ord("A") + place) if place < 26 else str(place + 1)
