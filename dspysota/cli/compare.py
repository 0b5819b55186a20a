"""`dspysota compare A B`: two folders or baselines, run by run and example by example."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dspysota.gate import Flip, Gate, Pairing, Rule
    from dspysota.gate.baselines import Baseline

SCHEMA = 1
"""Version of what `--json` prints; fields are added under the same number, and never change their meaning."""

FLIPS = 20
"""Flipped examples printed of a run and a direction; `--json` has all."""


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `compare` to the command line."""
    parser = subparsers.add_parser(
        "compare",
        help="compare the runs of two folders or baselines, example by example",
        description="Puts the runs of B beside those of A: metrics with paired 95% intervals, examples that flipped, "
        "and what else differs. Describes, and returns 0 whatever it finds; with --rule it returns 1 when one is "
        "broken.",
    )
    parser.add_argument("before", metavar="A", help="a baseline's name, a run folder such as reports/latest, or a file")
    parser.add_argument("after", metavar="B", help="the same, to be compared with A")
    parser.add_argument("--json", action="store_true", help="print JSON (docs/ci.md says what is in it)")
    parser.add_argument(
        "--rule", action="append", default=[], metavar="RULE", help="return 1 when it is broken, such as accuracy:-2pp"
    )
    parser.add_argument("--strict", action="store_true", help="a rule is broken also by what may be noise")
    parser.add_argument(
        "--out", type=Path, default=Path("reports"), metavar="DIR", help="where baselines are; default: reports"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the comparison. Returns 1 when a rule is broken, else 0; raises ConfigError or RunError."""
    from dspysota.gate import find, load
    from dspysota.gate.rules import parse_all

    here = Path()
    before, after = (load(find(name, out=args.out, base=here), name) for name in (args.before, args.after))
    metrics = dict.fromkeys(metric for side in (before, after) for run in side.runs for metric in run.info.metrics)
    rules = parse_all(args.rule, metrics)
    gate = _compared(before, after, rules, args.strict)
    red = bool(rules) and gate.red
    if args.json:
        print(json.dumps(as_json(before, after, gate, red=red), indent=1))  # ASCII, so that nothing acts on a terminal
        return int(red)
    for line in _lines(before, after, gate, judged=bool(rules)):
        print(line)
    return int(red)


def _compared(before: Baseline, after: Baseline, rules: tuple[Rule, ...], strict: bool) -> Gate:
    """Runs of one identity belong together; where none do and each side has one run, these two."""
    from dspysota.gate import Gate, Identity, compare, decide

    one, other = before.runs, after.runs
    if len(one) == len(other) == 1 and Identity.of(one[0].info) != Identity.of(other[0].info):
        pairing = compare(other[0], one[0], rules, strict)
        return Gate(baseline=before.name, rules=tuple(map(str, rules)), strict=strict, runs=(pairing,))
    return decide(other, one, name=before.name, rules=lambda run: rules, shown=rules, strict=strict)


def as_json(before: Baseline, after: Baseline, gate: Gate, *, red: bool) -> dict[str, Any]:
    """What `--json` prints."""
    return {
        "schema": SCHEMA,
        "a": _side(before),
        "b": _side(after),
        "rules": list(gate.rules),
        "strict": gate.strict,
        "broken": red,
        "notes": list(gate.notes),
        "runs": [_pairing(one) for one in gate.runs],
    }


def _side(side: Baseline) -> dict[str, Any]:
    return {"name": side.name, "runs": [run.info.key for run in side.runs]}


def _pairing(one: Pairing) -> dict[str, Any]:
    return {
        "name": one.name,
        "a": one.baseline_key,
        "b": one.run_key,
        "word": str(one.word),
        "metrics": [
            {
                "metric": change.metric,
                "kind": change.kind,
                "n": change.n,
                "a": change.baseline,
                "b": change.value,
                "change": change.change,
                "low": _finite(change.low),
                "high": _finite(change.high),
            }
            for change in one.changes
        ],
        "findings": [finding.model_dump(mode="json") for finding in one.findings],
        "lost": [flip.model_dump() for flip in one.lost],
        "won": [flip.model_dump() for flip in one.won],
        "differences": [{"what": each.what, "a": each.baseline, "b": each.run} for each in one.differences],
    }


def _finite(value: float | None) -> float | None:
    """JSON has no infinity: an end that is not bounded is null, like one that is not known."""
    return None if value is None or value in (float("inf"), float("-inf")) else value


def _lines(before: Baseline, after: Baseline, gate: Gate, *, judged: bool) -> list[str]:
    from dspysota.gate import sentences
    from dspysota.untrusted import visible

    lines = [f"{after.name} beside {before.name}"]
    for one in gate.runs:
        lines += ["", one.name, *_table(one)]
        shown = [finding for finding in one.findings if judged or finding.metric is None]
        lines += [f"  {finding.word}: {finding.sentence}" for finding in shown]
        lines += [*_flips("lost full marks", one.lost), *_flips("won full marks", one.won)]
        lines += [f"  differs: {difference}" for difference in one.differences]
    lines += ["", *gate.notes, sentences.headline(gate)] if judged else gate.notes
    return [visible(line) for line in lines]


def _table(one: Pairing) -> list[str]:
    from dspysota.gate import sentences

    rows = [
        (change.metric, sentences.amounts(change), sentences.movement(change))
        for change in one.changes
        if change.value is not None or change.baseline is not None
    ]
    widths = [max((len(row[place]) for row in rows), default=0) for place in range(2)]
    return [f"  {name:<{widths[0]}}  {amounts:<{widths[1]}}  {movement}" for name, amounts, movement in rows]


def _flips(words: str, flips: tuple[Flip, ...]) -> list[str]:
    from dspysota.untrusted import quoted

    if not flips:
        return []
    lines = [f"  {len(flips):,} {words}:"]
    lines += [f"    {quoted(flip.case_id)}  {quoted(flip.question)}".rstrip() for flip in flips[:FLIPS]]
    return [*lines, f"    and {len(flips) - FLIPS:,} more"] if len(flips) > FLIPS else lines
