"""How findings are said: one sentence each, with the numbers that it rests on."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from dspysota.gate.result import Change, Difference, Finding, Gate, Word
from dspysota.gate.rules import Kind, Rule
from dspysota.records import Run

NAMED = 3
"""Ids named in a sentence."""

COLOURS = {True: "red", False: "green"}


def changed(rule: Rule, one: Change, aside: str = "") -> str:
    """`accuracy 0.850 -> 0.700 (-15.0pp, 95% -21.1..-8.9, n=100), allowed -2pp`.

    The numbers stand before what they are compared with, as everywhere.
    """
    said = f"{rule.metric} {amounts(one)} ({movement(one)}), allowed {str(rule).partition(':')[2]}"
    return f"{said}; {aside}" if aside else said


def amounts(one: Change) -> str:
    """The value in the baseline, and now."""
    return f"{amount(one.kind, one.baseline)} -> {amount(one.kind, one.value)}"


def amount(kind: Kind, value: float | None) -> str:
    """A value with its unit.

    >>> [amount(k, v) for k, v in (("score", 0.5), ("seconds", 1.234), ("dollars", 0.00012345), ("tokens", None))]
    ['0.500', '1.23 s', '$0.000123', 'not known']
    """
    if value is None:
        return "not known"
    said = {
        "score": f"{value:.3f}",
        "seconds": f"{value:.3g} s" if value < 100 else f"{value:,.0f} s",
        "tokens": f"{value:,.1f}" if value < 100 else f"{value:,.0f}",
        "dollars": f"${value:.3g}",
        "errors": f"{value:,.0f}",
    }
    return said[kind]


def movement(one: Change) -> str:
    """The change with its interval and the number of examples: points for scores, percent for what has a ratio."""
    if one.change is None:
        return f"n={one.n:,}"
    if one.kind == "errors":
        return f"{one.change:+,.0f} of {one.n:,}"
    unit = "pp" if one.kind == "score" else "%"
    interval = ""
    if one.low is not None and one.high is not None:
        interval = f", 95% {_percent(one.low)}..{_percent(one.high)}"
    return f"{_percent(one.change)}{unit}{interval}, n={one.n:,}"


def refused(what: Sequence[Difference]) -> str:
    """Why two runs cannot be compared, and the cure."""
    return f"it cannot be compared with the baseline, which has other {_all(what)}; save a new baseline"


def ended_early(run: Run) -> str:
    """Why a run that a decided claim ended cannot be compared: its end depends on its scores. And the cure."""
    return (
        f"its claim ended it after {len(run.cases):,} of {run.info.data.rows:,} questions, and a run that ends by its "
        "own scores cannot be compared; measure without --sota-sequential"
    )


def not_comparable(rule: Rule, what: Sequence[Difference]) -> str:
    """Why latencies cannot be compared, and the cure."""
    return (
        f"{rule.metric} is not comparable: {_all(what)}; save a baseline under the same conditions, "
        f"or drop the rule with {rule.metric}:off"
    )


def unknown(rule: Rule, sides: Sequence[str]) -> str:
    """Why a metric cannot be judged, and the cure."""
    where = " and ".join(f"the {side}" for side in sides)
    why = {
        "tokens": "a server did not report tokens, or failed over a question",
        "dollars": "the model has no price, or a server did not report tokens or failed over a question",
    }.get(rule.kind, "it is not known")
    return f"{rule.metric} cannot be judged: {why} in {where}; unknown is not nothing"


def examples(ids: Sequence[str], what: str) -> str:
    """Examples that only one side has."""
    named = ", ".join(ids[:NAMED]) + (", …" if len(ids) > NAMED else "")
    verb = what if len(ids) == 1 else what.replace("was ", "were ", 1).replace("has ", "have ", 1)
    return f"{len(ids):,} {'example' if len(ids) == 1 else 'examples'} {verb}: {named}"


def unasked(names: Sequence[str]) -> Iterator[str]:
    """How many runs of the baseline nobody asked for."""
    if names:
        yield f"{_runs(len(names))} of the baseline {'was' if len(names) == 1 else 'were'} not asked for now."


def idle(rules: Sequence[Rule], runs: Sequence[Run]) -> Iterator[str]:
    """Rules that somebody asked for, and that no run has a metric for."""
    for rule in rules:
        fits = rule.kind != "score" or rule.metric == "accuracy"
        if rule.asked and not fits and not any(rule.metric in run.info.metrics for run in runs):
            yield f"Rule {rule} was applied to no run: none has that metric."


def headline(gate: Gate) -> str:
    """The decision in one sentence."""
    if gate.undecided:
        return f"gate not decided against {gate.baseline}: {gate.undecided}"
    if not gate.runs:
        return f"gate against {gate.baseline}: nothing to compare with"
    counts = ", ".join(f"{n} {word}" for word, n in gate.counts.items())
    if not gate.red and not gate.compared:
        return f"gate without a finding against {gate.baseline}, which has none of these runs: {counts}"
    return f"gate {COLOURS[gate.red]} against {gate.baseline}: {counts}"


def lines(gate: Gate) -> list[str]:
    """The decision for a terminal: the headline, what fails with what else differs, and what else is to be said."""
    said = [headline(gate)]
    for pairing in sorted(gate.runs, key=lambda one: not one.fails):
        shown = [finding for finding in pairing.findings if _worth_saying(finding)]
        said += [f"  {finding.word} {pairing.name}: {finding.sentence}" for finding in shown]
        if pairing.fails and pairing.differences:
            said.append(f"    not the same as in the baseline: {_all(pairing.differences)}")
    said += [f"  {note}" for note in gate.notes]
    return said


def _worth_saying(finding: Finding) -> bool:
    return finding.word is not Word.OK or "within noise" in finding.sentence


def _all(what: Sequence[Difference]) -> str:
    return "; ".join(map(str, what))


def _percent(value: float) -> str:
    return "unbounded" if math.isinf(value) else f"{100 * value:+.1f}"


def _runs(n: int) -> str:
    return f"{n} run" if n == 1 else f"{n} runs"
