"""A summary that fits a pull-request comment: what failed and why, then one line a run."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dspysota.gate import Gate
from dspysota.gate import sentences as gate_sentences
from dspysota.lift import Step, label, ladders, sentences
from dspysota.records import Run
from dspysota.report import flakiness, text, verdicts
from dspysota.report.meta import ReportMeta
from dspysota.report.sections.banner import headline, said
from dspysota.report.sections.costs import Row, costs_of, pairs
from dspysota.report.view import Report, RunView, view

MOST = 60_000
"""Characters: GitHub refuses comments above 65,536."""

MOST_COSTS = 20
"""Runs whose costs are spelled out below the table."""
MOST_CLAIMS = 20
"""Claims, candidates and published scores that are shown each; the others are in report.html."""

_SPECIAL = re.compile(r"[\\`*<>|~]|(?<=\])\(|(?<!\w)_|_(?!\w)")
"""What Markdown would take for markup; `_` inside a word and brackets without a link are left as they read best."""


def summary(runs: Sequence[Run], meta: ReportMeta) -> str:
    """The report in GitHub's Markdown, at most 60,000 characters; rows that do not fit are counted instead."""
    report = view(runs, meta)
    failed = [one for one in report.runs if one.verdict == "failed"]
    passed = [one for one in report.runs if one.verdict == "passed"]
    heads = [verdicts.headline(meta), headline(len(failed), len(passed), len(report.runs), meta)]
    lines = [f"### {plain(meta.title)}: {'; '.join(filter(None, heads))}", "", *_verdicts(meta)]
    unmade = list(meta.unmade.items())[:50]
    lines += [f"- ❌ **{plain(test)}** could not be measured: {plain(why)}" for test, why in unmade]
    others = list(meta.failed.items())[:50]
    lines += [f"- ❌ **{plain(test)}** failed for another reason than a bar: {plain(why)}" for test, why in others]
    for one in failed:
        misses = one.outcome.misses if one.outcome and one.outcome.misses else ("failed for another reason than a bar",)
        lines += [f"- ❌ **{plain(one.named)}**: {'; '.join(map(plain, misses))}"]
    lines += [""] if failed or unmade or others else []
    lines += _gate(meta.gate) if meta.gate else []
    claimed, priced = any(one.claims for one in report.runs), any(one.cost for one in report.runs)
    lines += _head(claimed, priced)
    lift = _lift([one.run for one in report.runs])
    shown = [one.run for one in report.runs]
    more = [*_beside(shown, meta), *_flaky(shown, meta), *lift, *_costs(report)]
    tail = ["", *more, *_facts(report.runs, meta), ""]
    room = MOST - sum(len(line) + 1 for line in (*lines, *tail)) - 100
    rows = [_row(one, claimed, priced) for one in report.runs]
    while rows and sum(len(row) + 1 for row in rows) > room:
        rows.pop()
    left = len(report.runs) - len(rows)
    more = [f"| | and {left} more in report.html | | | | | | |{' |' * (claimed + priced)}"] if left else []
    return "\n".join([*lines, *rows, *more, *tail])[:MOST]


def _verdicts(meta: ReportMeta) -> list[str]:
    """A line a claim, the verdict first, with what a reader should know below it."""
    found = verdicts.decisions(meta)
    lines = []
    for one in found[:MOST_CLAIMS]:
        mark = {"PASS": "✅", "FAIL": "❌"}.get(one.verdict.outcome, "❔")
        lines.append(f"- {mark} **{one.verdict.outcome}** {plain(verdicts.summed_up(one.verdict))}")
        lines += [f"  - {plain(note)}" for note in one.verdict.notes]
    if len(found) > MOST_CLAIMS:
        lines.append(f"- and {len(found) - MOST_CLAIMS} more claims in report.html")
    return [*lines, ""] if lines else []


def _beside(runs: Sequence[Run], meta: ReportMeta) -> list[str]:
    """Candidates of which something was claimed under every policy, and what others published."""
    judged = [one.verdict for one in meta.verdicts]
    found = [one for one in verdicts.candidates(runs, meta) if any(map(one.claimed, judged))]
    lines = []
    for one in found[:MOST_CLAIMS]:
        lines += [f"- {plain(one.name)}", *(f"  - {plain(line.sentence)}" for line in one.lines)]
    lines += [f"- {plain(verdicts.quoted(quote))}" for quote in meta.published[:MOST_CLAIMS]]
    return ["**Beside the reference**", "", *lines, ""] if lines else []


def plain(words: str) -> str:
    """The words as Markdown shows them, whatever they are.

    >>> print(plain("a|b <i> *c* zero_shot [x](y)"))
    a\\|b \\<i\\> \\*c\\* zero_shot [x]\\(y)
    """
    return _SPECIAL.sub(r"\\\g<0>", text.visible(" ".join(words.split())))


def code(words: str) -> str:
    """The words as a code span; a backquote inside them becomes an apostrophe, for it would end the span.

    >>> code("pytest -k `x`")
    "`pytest -k 'x'`"
    """
    return "`" + text.visible(" ".join(words.split())).replace("`", "'").replace("|", "¦") + "`"


def _head(claimed: bool, priced: bool) -> list[str]:
    return [
        f"| | run |{' claim |' * claimed} n | score [95%] | tokens a question |{' cost a question |' * priced} "
        "p50 / p95 s | per s | not right |",
        f"|-|-|{'-|' * claimed}-:|-|-:|{'-:|' * priced}-:|-:|-|",
    ]


def _row(one: RunView, claimed: bool, priced: bool) -> str:
    mark = {"passed": "✅", "failed": "❌", "inconclusive": "❔"}.get(one.state, "·")
    metric = one.primary
    score = f"{text.scored(metric.mean, metric.interval)} {plain(metric.name)}" if metric else "no cases"
    tokens = text.tokens(one.tokens) if one.n else "–"
    claim = f" {', '.join(one.words)} |" if claimed else ""
    cost = f" {text.per_question(one.cost)} |" if priced else ""
    return (
        f"| {mark} | {plain(one.named)} |{claim} {one.asked} | {score} | {tokens} |{cost} "
        f"{text.short(one.p50)} / {text.short(one.p95)} | {text.short(one.rate)} | {text.failures(one.failures)} |"
    )


def _costs(report: Report) -> list[str]:
    """What a correct answer cost, how that is counted, and when preparing is paid back: a line a run."""
    rows = [row for view in report.runs for row in costs_of(view, report)[:1] if view.cost]
    lines = [
        f"- {plain(row.view.run.name)}: {text.estimated(row.cost.per_correct, row.cost.unit)} a correct answer, "
        f"prepared for {row.prepared}{_back(row)}"
        for row in rows[:MOST_COSTS]
    ]
    more = [f"- and {len(rows) - MOST_COSTS} more in report.html"] if len(rows) > MOST_COSTS else []
    counted = dict.fromkeys(f"- {row.view.run.info.model.name}: {row.counted}" for row in rows)
    said = [plain(line) for line in (*list(counted)[:10], *(f"- {pair}" for pair in pairs(report)[:5]))]
    return ["**What it cost**", "", *lines, *more, *said, ""] if rows else []


def _back(row: Row) -> str:
    return "" if not row.back else ", never paid back" if row.back == "never" else f", paid back {row.back}"


def _flaky(runs: Sequence[Run], meta: ReportMeta) -> list[str]:
    """What questions asked twice say, a line a run, and the warnings."""
    shown = []
    for one in flakiness.found(runs, meta)[:50]:
        warned = "".join(f" ⚠️ {plain(warning)}." for warning in one.warnings)
        shown.append(f"- {plain(one.run.name)}: {plain(one.sentence)}.{warned}")
    return ["**Asked twice**", "", *shown, ""] if shown else []


def _gate(gate: Gate) -> list[str]:
    """What the gate says: what is not simply OK, as much as has room beside the runs."""
    shown = [f"**{'❌' if gate.red else '✅'} {plain(gate_sentences.headline(gate))}**", ""]
    room = MOST // 3
    findings = [line.strip() for line in gate_sentences.lines(gate)[1:]]
    for place, line in enumerate(findings):
        room -= len(line)
        if room < 0:
            shown.append(f"- and {len(findings) - place} more in report.html")
            break
        shown.append(f"- {plain(line)}")
    return [*shown, ""] if findings else shown


def _lift(runs: Sequence[Run]) -> list[str]:
    """The steps to each optimized program, as many ladders as have room beside the runs."""
    found = ladders(runs)
    if not found:
        return []
    head = [
        "**Where the lift came from**",
        "",
        "| | score [95%] | difference [95%] | tokens a question |",
        "|-|-|-|-:|",
    ]
    shown: list[str] = []
    notes: list[str] = []
    for place, ladder in enumerate(found):
        rows = [f"| **{plain(ladder.name)}** | | | |", *map(_step, ladder.steps)]
        said = [f"- {plain(ladder.name)}: {plain(' '.join(sentences(ladder)))}"]
        if sum(map(len, (*shown, *notes, *rows, *said))) > MOST // 3:
            notes.append(f"- and {len(found) - place} more in report.html")
            break
        shown, notes = [*shown, *rows], [*notes, *said]
    return [*head, *shown, "", *notes, ""]


def _step(step: Step) -> str:
    if step.state == "measured":
        difference = text.changed(step.change.value, step.change.interval) if step.change else "–"
    else:
        difference = f"{step.state}: {plain(step.remark)}"
    name = f"{label(step.name)}, {plain(step.adapter)}" if step.name in ("unoptimized", "format") else label(step.name)
    tokens = "–" if step.score is None else text.tokens(step.tokens)
    return f"| {name} | {text.scored(step.score, step.interval)} | {difference} | {tokens} |"


def _facts(views: Sequence[RunView], meta: ReportMeta) -> list[str]:
    data = {one.run.info.data.digest: one.run.info.data for one in views}.values()
    commits = sorted({one.run.info.commit[:12] for one in views if one.run.info.commit})
    rows = [f"{plain(d.name)}: {d.rows} rows from {plain(said(d))}, sha256 `{text.digest(d.digest)}`" for d in data]
    made = f"Made by {code(text.redacted(meta.command))}"
    return [*(f"{row}  " for row in rows[:20]), made + (f" at {', '.join(commits[:5])}." if commits else ".")]
