"""Which cases a page shows without a script: few of each run, failures first, of every class some."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from dspysota.records import Case, Run
from dspysota.report.examples.kinds import hardest_first
from dspysota.report.examples.text import MOST
from dspysota.report.view import Report

PER_RUN = 10
ALL = 200
"""Cases of a run and of a page, at most."""

CHARACTERS = 1_500_000
"""Characters of all texts of these cases, at most; the first case of each run goes before the second of any."""


def sampled(report: Report) -> Mapping[int, tuple[int, ...]]:
    """Places, from 1, of the cases that a page shows of each run, by the run's number."""
    views = [view for view in report.runs if view.n]
    each = min(PER_RUN, max(1, ALL // len(views))) if views else 0
    chosen = {view.number: choose(view.run, each) for view in views[:ALL]}
    taken: dict[int, list[int]] = defaultdict(list)
    room = CHARACTERS
    for turn in range(each):
        for view in views[:ALL]:
            if turn < len(chosen[view.number]):
                place = chosen[view.number][turn]
                needed = size(view.run.cases[place - 1])
                if needed <= room:
                    room -= needed
                    taken[view.number].append(place)
    return {number: tuple(places) for number, places in taken.items()}


def choose(run: Run, most: int) -> list[int]:
    """Places, from 1, of at most `most` cases: the first of each class of failures, the hardest first, then the second
    of each, and so on; right ones when no failure is left."""
    classes: dict[int, list[int]] = defaultdict(list)
    for place, case in enumerate(run.cases, 1):
        classes[hardest_first(case)].append(place)
    right = classes.pop(0, [])
    failures = sorted((turn, kind, place) for kind, places in classes.items() for turn, place in enumerate(places))
    return [place for _, _, place in failures][:most] + right[: max(0, most - len(failures))]


def size(case: Case) -> int:
    """Characters of a case as it is shown, about."""
    sent = [text for call in case.calls for text in (*(m.content for m in call.messages[-1:]), call.output)]
    return sum(min(len(text), MOST) for text in (*sent, case.question, case.gold, case.prediction or ""))
