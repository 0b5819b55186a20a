"""The answer first: did the runs clear their bars, on which rows, made by which command."""

from __future__ import annotations

from collections.abc import Mapping

from dspysota.gate import sentences
from dspysota.records import DataInfo, RunInfo
from dspysota.report import verdicts
from dspysota.report.meta import ReportMeta, unmeasured
from dspysota.report.text import redacted
from dspysota.report.view import Report


def values(report: Report) -> Mapping[str, object]:
    """The verdict in one sentence, the reasons of each failed run, and what identifies the runs."""
    infos = [view.run.info for view in report.runs]
    failed = [view for view in report.runs if view.verdict == "failed"]
    passed = [view for view in report.runs if view.verdict == "passed"]
    meta = report.meta
    made = [(one.verdict, verdicts.ratios(one.verdict)) for one in verdicts.decisions(meta)]
    return {
        "state": state(report),
        "claims": made,
        "claims_headline": verdicts.headline(meta),
        "headline": headline(len(failed), len(passed), len(report.runs), meta),
        "unmade": meta.unmade,
        "failed_tests": meta.failed,
        "gate": sentences.headline(meta.gate) if meta.gate else "",
        "failed": failed,
        "passed": passed,
        "command": redacted(report.meta.command),
        "commits": sorted({info.commit[:12] if info.commit else "not in a repository" for info in infos}),
        "seeds": sorted({info.seed for info in infos}),
        "started": min((info.started for info in infos), default=None),
        "data": [(data, said(data)) for data in _distinct([info.data for info in infos])],
        "models": list({(info.model.name, info.model.digest): info.model for info in infos}.values()),
        "trained": {info.model.digest for info in infos if info.compile.training},
        "prices": list(dict.fromkeys((info.model.name, priced(info)) for info in infos)),
    }


def state(report: Report) -> str:
    """`failed`, `undecided`, `passed` or `unjudged`: the worst that a test found."""
    meta = report.meta
    judged = {view.verdict for view in report.runs}
    red = meta.gate is not None and meta.gate.red
    if "failed" in judged or meta.unmade or meta.failed or red or any(one.failed or one.told for one in meta.verdicts):
        return "failed"
    if any(one.verdict.outcome == "INCONCLUSIVE" for one in meta.verdicts):
        return "undecided"
    return "passed" if "passed" in judged or any(one.verdict for one in meta.verdicts) else "unjudged"


def headline(failed: int, passed: int, runs: int, meta: ReportMeta) -> str:
    """The verdict in one sentence, and before it what else went wrong: runs not made, tests with trouble of their own.

    >>> well = ReportMeta(command="")
    >>> headline(1, 9, 10, well)
    '1 of 10 runs missed its bar'
    >>> headline(0, 1, 1, well), headline(0, 0, 2, well)
    ('The run cleared its bar', '2 runs, none of them judged')
    >>> headline(0, 8, 8, ReportMeta(command="", unmade={"a": "", "b": ""}, missing=("x", "y"), failed={"c": ""}))
    '2 runs could not be measured; 1 test failed for another reason than a bar; all 8 judged runs cleared their bars'
    """
    said = [unmeasured(meta)] if meta.unmade else []
    if meta.failed:
        said.append(
            f"{len(meta.failed)} test{'s' if len(meta.failed) > 1 else ''} failed for another reason than a bar"
        )
    if runs or not said:
        verdict = _verdict(failed, passed, runs)
        said.append(f"{verdict[0].lower()}{verdict[1:]}" if said else verdict)
    return "; ".join(said)


def _verdict(failed: int, passed: int, runs: int) -> str:
    judged = failed + passed
    if failed:
        return f"{failed} of {judged} runs missed {'its bar' if failed == 1 else 'their bars'}"
    if not judged:
        return f"{_runs(runs)}, none of them judged"
    return "The run cleared its bar" if judged == 1 else f"All {judged} judged runs cleared their bars"


def _runs(n: int) -> str:
    return f"{n} run" if n == 1 else f"{n} runs"


def said(data: DataInfo) -> str:
    """Where the rows came from, in words that never let a twin pass for the original."""
    kinds = {
        "directory": f"files in {data.origin}",
        "hub": f"{data.origin} on the Hugging Face hub",
        "twin": f"an offline twin, not the published benchmark: {data.origin}",
    }
    return kinds[data.source]


def priced(info: RunInfo) -> str:
    """By what a run's model is paid."""
    prices, found = info.prices, []
    if prices is not None and prices.tokens is not None:
        one = prices.tokens
        cached = "" if one.cached is None else f", ${one.cached:g} cached"
        found.append(f"${one.prompt:g} + ${one.completion:g}{cached} a million tokens ({one.source})")
    if prices is not None and prices.usd_per_hour is not None:
        found.append(f"${prices.usd_per_hour:g} an hour of its machine")
    if prices is not None and prices.basis == "parameters":
        found.append("counted by parameters × tokens")
    return "; ".join(found) or "none given"


def _distinct(data: list[DataInfo]) -> list[DataInfo]:
    return list({(one.name, one.split, one.digest): one for one in data}.values())
