"""All cases as data for the page's script: an index of what is listed and filtered, and blocks with all the rest.

Cases stand by example, then by run: what several runs were asked about the same example lies side by side, where
deflate finds it again, and is unpacked at once when answers are compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from dspysota.records import Case
from dspysota.report.examples.beside import references
from dspysota.report.examples.kinds import KINDS, kind_of
from dspysota.report.examples.packing import Block, deflated, fitted, number
from dspysota.report.examples.pool import Pool
from dspysota.report.examples.text import MOST
from dspysota.report.text import one_line, visible
from dspysota.report.view import Report, RunView

MOST_BYTES = 12_500_000
"""Bytes of the index, the blocks and the shared messages: with the rest of the page they stay below 15 MB."""

LISTED = {"question": 600, "gold": 200, "prediction": 120}
"""Characters of a text that the index holds: that much is listed, and found by a search."""


@dataclass(frozen=True)
class Entry:
    """A case with its place: the run, its place in the run from 1, and the number of its example."""

    view: RunView
    place: int
    case: Case
    example: int


@dataclass(frozen=True)
class Data:
    """What the script needs, each part deflated JSON in base64. `most` characters of a text are in a block at most."""

    index: str
    shared: str
    blocks: tuple[Block, ...]
    most: int

    @property
    def cut(self) -> bool:
        """Whether texts were cut for the sake of the page's size."""
        return self.most < MOST


def of_report(report: Report, most_bytes: int | None = None) -> Data:
    """All cases of all runs. The longest texts are cut so that everything takes `most_bytes` at most, or MOST_BYTES.

    The index and the shared messages are whole whatever they take; nothing but texts can be cut.
    """
    entries = _entries(report)
    pool = Pool.of([(entry.example, entry.case) for entry in entries])
    index = deflated(_index(report, entries))
    left = (MOST_BYTES if most_bytes is None else most_bytes) - len(index)
    most, shared, blocks = fitted([(entry.example, entry.case) for entry in entries], pool, left)
    return Data(index=index, shared=shared, blocks=blocks, most=most)


def _entries(report: Report) -> list[Entry]:
    numbers: dict[tuple[str, ...], int] = {}
    found = []
    for view in report.runs:
        name = view.run.info.data.name
        for place, case in enumerate(view.run.cases, 1):
            who = (name, case.case_id, case.question, case.gold)
            found.append(Entry(view, place, case, numbers.setdefault(who, len(numbers))))
    return sorted(found, key=lambda entry: (entry.example, entry.view.number, entry.place))


def _index(report: Report, entries: Sequence[Entry]) -> Mapping[str, object]:
    examples = {entry.example: entry for entry in entries}
    firsts = [examples[place] for place in sorted(examples)]
    return {
        "kinds": KINDS,
        "runs": list(_runs(report)),
        "examples": {
            "id": [visible(one.case.case_id) for one in firsts],
            "question": [_listed("question", one.case.question) for one in firsts],
            "gold": [_listed("gold", one.case.gold) for one in firsts],
        },
        "cases": {
            "run": [entry.view.number - 1 for entry in entries],
            "place": [entry.place for entry in entries],
            "example": [entry.example for entry in entries],
            "kind": [KINDS.index(kind_of(entry.case)) for entry in entries],
            "score": [number(entry.case.scores.get(entry.view.run.info.primary)) for entry in entries],
            "tokens": [entry.case.usage.total_tokens for entry in entries],
            "seconds": [number(entry.case.seconds) for entry in entries],
            "prediction": [_listed("prediction", entry.case.prediction) for entry in entries],
        },
    }


def _runs(report: Report) -> Iterator[Mapping[str, object]]:
    places = {view.run.info.key: place for place, view in enumerate(report.runs)}
    beside = references([view.run for view in report.runs], report.meta)
    for view in report.runs:
        info = view.run.info
        yield {
            "anchor": view.anchor,
            "model": visible(info.model.name),
            "variant": visible(view.variant),
            "approach": visible(one_line(info.prepared, 100)),
            "data": visible(one_line(info.data.name, 100)),
            "metric": visible(info.primary),
            "cases": view.n,
            "reference": places.get(beside.get(info.key, "")),
        }


def _listed(name: str, text: str | None) -> str | None:
    return None if text is None else visible(one_line(text, LISTED[name]))
