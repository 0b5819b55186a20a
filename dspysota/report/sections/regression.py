"""The regression gate: every run beside its baseline, with what the rules say and which examples flipped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dspysota.gate import Change, Finding, Flip, Pairing, sentences
from dspysota.gate.result import ORDER
from dspysota.report.examples import sampled
from dspysota.report.view import Report, RunView

MOST = 50
"""Flipped examples shown of a run and a direction; run folders hold all."""


@dataclass(frozen=True)
class Row:
    """One metric of a run, with what its rules say."""

    metric: str
    baseline: str
    value: str
    movement: str
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Flipped:
    """An example that flipped; `anchor` is its place in the page, empty where it has none.

    `here` is whether that place is in the page even without the script.
    """

    flip: Flip
    anchor: str
    here: bool


@dataclass(frozen=True)
class Block:
    """A run beside its baseline, ready to be shown. `view` is None for one that is GONE."""

    pairing: Pairing
    view: RunView | None
    rows: tuple[Row, ...]
    general: tuple[Finding, ...]
    """Findings on the run as a whole."""
    flips: tuple[tuple[str, int, tuple[Flipped, ...]], ...]
    """Words, number, and the first of them."""


def values(report: Report) -> Mapping[str, object] | None:
    """The decision and its runs, the most urgent first; None where no baseline was named."""
    gate = report.meta.gate
    if gate is None:
        return None
    views = {view.run.info.key: view for view in report.runs}
    ordered = sorted(gate.runs, key=lambda one: ORDER.index(one.word))
    shown = sampled(report)
    return {
        "gate": gate,
        "headline": sentences.headline(gate),
        "blocks": [_block(pairing, views.get(pairing.run_key or ""), shown) for pairing in ordered],
    }


def _block(pairing: Pairing, view: RunView | None, shown: Mapping[int, Sequence[int]]) -> Block:
    flips = (("lost full marks", pairing.lost), ("won full marks", pairing.won))
    here = shown.get(view.number, ()) if view else ()
    return Block(
        pairing=pairing,
        view=view,
        rows=tuple(_row(change, pairing.findings) for change in pairing.changes if _known(change)),
        general=tuple(finding for finding in pairing.findings if finding.metric is None),
        flips=tuple((words, len(found), _placed(found[:MOST], view, here)) for words, found in flips if found),
    )


def _row(change: Change, findings: Sequence[Finding]) -> Row:
    return Row(
        metric=change.metric,
        baseline=sentences.amount(change.kind, change.baseline),
        value=sentences.amount(change.kind, change.value),
        movement=sentences.movement(change),
        findings=tuple(finding for finding in findings if finding.metric == change.metric),
    )


def _known(change: Change) -> bool:
    return change.value is not None or change.baseline is not None


def _placed(flips: Sequence[Flip], view: RunView | None, here: Sequence[int]) -> tuple[Flipped, ...]:
    places = {case.case_id: place for place, case in enumerate(view.run.cases, 1)} if view else {}
    anchor = view.anchor if view else ""
    found = [(flip, places.get(flip.case_id)) for flip in flips]
    return tuple(Flipped(flip, f"{anchor}-case-{place}" if place else "", place in here) for flip, place in found)
