"""One aligned line a run, for the end of a pytest session."""

from __future__ import annotations

from collections.abc import Sequence

from dspysota.claims import Verdict
from dspysota.gate import Gate, sentences
from dspysota.records import Run
from dspysota.report import text, verdicts
from dspysota.report.meta import ReportMeta
from dspysota.report.view import RunView, in_order
from dspysota.untrusted import visible_line

COST = "cost/q"
"""The column that is there only where a cost is known."""
CLAIM = "claim"
"""The column that is there only where a claim was asserted."""

HEAD = ("bar", CLAIM, "run", "n", "score [95%]", "tok/q", COST, "q/s", "p95", "not right")
RIGHT = frozenset({"n", "tok/q", COST, "q/s", "p95"})


def lines(runs: Sequence[Run], meta: ReportMeta | None = None, *, ascii_only: bool = True) -> list[str]:
    """A heading and one line a run, in the order given; none without runs.

    What became of the bar stands first, where an eye that runs down the column finds it. With `ascii_only`, for a pipe
    or a log, everything is ASCII. Missed bars follow indented below their run. Claims come before the runs: a line
    each, then one for each criterion, and one for each policy; scores that others published come last.
    """
    meta = meta or ReportMeta(command="")
    if not runs:
        return []
    report = in_order(runs, meta)
    table = [HEAD, *(_cells(view, _claimed(view, meta)) for view in report.runs)]
    absent = {COST} if not any(view.cost for view in report.runs) else set()
    absent |= {CLAIM} if not meta.verdicts else set()
    kept = [place for place, name in enumerate(HEAD) if name not in absent]
    table = [tuple(row[place] for place in kept) for row in table]
    head = table[0]
    widths = [max(len(row[i]) for row in table) for i in range(len(head))]
    shown = [*_claims(runs, meta), _line(head, widths, head)]
    for view, row in zip(report.runs, table[1:], strict=True):
        shown.append(_line(row, widths, head))
        shown += [f"{'':{widths[0]}}  - {visible_line(miss)}" for miss in (view.outcome.misses if view.outcome else ())]
    shown += [visible_line(verdicts.quoted(quote)) for quote in meta.published]
    return [text.plain(line) for line in shown] if ascii_only else shown


def verdict_lines(verdict: Verdict) -> list[str]:
    """A claim's line, and one for each criterion and note, the verdict first."""
    rows = [f"  {one.outcome:<12}  {one.name}: {one.evidence()}" for one in verdict.criteria]
    notes = [f"  {'':12}  {note}" for note in verdict.notes]
    return [visible_line(line) for line in (f"{verdict.outcome:<12}  {verdict.sides}", *rows, *notes)]


def _claims(runs: Sequence[Run], meta: ReportMeta) -> list[str]:
    if not meta.verdicts:
        return []
    beside = list(verdicts.candidates(runs, meta))
    shown = []
    for one in verdicts.decisions(meta):
        shown += verdict_lines(one.verdict)
        found = next((candidate for candidate in beside if candidate.claimed(one.verdict)), None)
        if found:
            beside.remove(found)  # of several claims the first shows the policies
        shown += [visible_line(f"  {'':12}  {line.sentence}") for line in (found.lines if found else ())]
    rates = sorted({one.verdict.alpha for one in meta.verdicts if one.verdict.outcome != "DESCRIPTIVE"})
    levels = " and ".join(f"{1 - 2 * rate:.0%} or more at an error rate of {rate:.0%}" for rate in rates)
    shown += [f"intervals in parentheses: {levels}; 95% where nothing was claimed"] if rates else []
    return [*shown, ""]


def gate_lines(gate: Gate | None, saved: Sequence[str] = (), *, ascii_only: bool = True) -> list[str]:
    """The gate's decision, what fails first, and what was saved."""
    shown = [visible_line(line) for line in (*(sentences.lines(gate) if gate else ()), *saved)]
    return [text.plain(line) for line in shown] if ascii_only else shown


def _claimed(view: RunView, meta: ReportMeta) -> str:
    """What was decided of the run, what needs attention first; `reference` for what it was compared with."""
    if not view.claims and any(one.verdict.reference_key == view.run.info.key for one in meta.verdicts):
        return "reference"
    return ", ".join(view.words) or "-"


def _cells(view: RunView, claimed: str) -> tuple[str, ...]:
    metric = view.primary
    return (
        {"passed": "PASS", "failed": "FAIL"}.get(view.verdict, "-"),
        claimed,
        visible_line(view.named),
        view.asked,
        text.scored(metric.mean, metric.interval) if metric else "no cases",
        text.tokens(view.tokens) if view.n else "–",
        text.per_question(view.cost),
        text.short(view.rate),
        f"{text.short(view.p95)}s" if view.p95 is not None else "–",
        text.failures(view.failures) or "none",
    )


def _line(cells: Sequence[str], widths: Sequence[int], heads: Sequence[str]) -> str:
    padded = [
        cell.rjust(width) if head in RIGHT else cell.ljust(width)
        for cell, width, head in zip(cells, widths, heads, strict=True)
    ]
    return "  ".join(padded).rstrip()
