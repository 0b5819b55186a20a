"""JUnit XML: one test case a run, with what CI systems chart as its properties."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

from dspysota.gate import Finding, Word, sentences
from dspysota.records import Run
from dspysota.report import text
from dspysota.report.meta import ReportMeta
from dspysota.report.view import RunView, view

_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 section 2.2 does not allow; `visible` spells most of it out, this is the guarantee."""


def render(runs: Sequence[Run], meta: ReportMeta) -> str:
    """The document as text. A run that was not judged is a test case that passed, and its property says so; one that
    could not be made is an error. A test that failed for another reason than a bar is a case of its own."""
    report = view(runs, meta)
    failed = sum(one.verdict == "failed" for one in report.runs) + len(meta.failed)
    gated = _gated(meta)
    failed += sum(finding is not None for _, finding in gated)
    seconds = sum(run.info.wall_seconds for run in runs)
    tests, unmade = len(report.runs) + len(meta.unmade) + len(meta.failed) + len(gated), len(meta.unmade)
    count = {"tests": str(tests), "failures": str(failed), "errors": str(unmade), "skipped": "0"}
    top = ElementTree.Element("testsuites", {"name": _legal(meta.title), **count, "time": f"{seconds:.3f}"})
    suite = ElementTree.SubElement(top, "testsuite", {"name": "dspysota", **count, "time": f"{seconds:.3f}"})
    _properties(suite, {"command": text.redacted(meta.command)})
    for one in report.runs:
        _case(suite, one)
    troubles = [("error", "NotMeasured", meta.unmade), ("failure", "Test", meta.failed)]
    for kind, type_, reasons in troubles:
        for test, reason in reasons.items():
            named = {"classname": "dspysota", "name": _legal(test), "time": "0"}
            case = ElementTree.SubElement(suite, "testcase", named)
            ElementTree.SubElement(case, kind, {"message": _legal(reason), "type": type_})
    for name, finding in gated:
        named = {"classname": "dspysota.gate", "name": _legal(name), "time": "0"}
        case = ElementTree.SubElement(suite, "testcase", named)
        if finding is not None:
            said = {"message": _legal(finding.sentence), "type": str(finding.word)}
            ElementTree.SubElement(case, "failure", said).text = _legal(f"{name}: {finding.sentence}")
    ElementTree.indent(top)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(top, encoding="unicode") + "\n"


def _gated(meta: ReportMeta) -> list[tuple[str, Finding | None]]:
    """The test cases of the gate: a run's name with each rule, and the finding that fails it."""
    if meta.gate is None:
        return []
    if meta.gate.undecided:
        why = Finding(word=Word.REFUSED, sentence=sentences.headline(meta.gate), fails=True)
        return [("gate", why)]
    return [
        (f"{one.name} · {finding.rule or finding.word}", finding if finding.fails else None)
        for one in meta.gate.runs
        for finding in one.findings
    ]


def write(path: Path, runs: Sequence[Run], meta: ReportMeta) -> None:
    """`render`, into a file."""
    path.write_text(render(runs, meta), encoding="utf-8")


def _case(suite: ElementTree.Element, one: RunView) -> None:
    info = one.run.info
    name = one.outcome.test if one.outcome and one.outcome.test else one.run.name
    attributes = {"classname": f"dspysota.{info.task}", "name": name, "time": f"{info.wall_seconds:.3f}"}
    case = ElementTree.SubElement(suite, "testcase", {key: _legal(value) for key, value in attributes.items()})
    values: dict[str, object] = {
        "run": one.run.name, "verdict": one.verdict, "provenance": info.provenance, "data": info.data.name,
        "data_source": info.data.source, "data_digest": info.data.digest, "cases": one.n, "errors": one.run.errors,
        "tokens_per_question": _number(one.tokens), "p50_seconds": _number(one.p50), "p95_seconds": _number(one.p95),
        "questions_per_second": _number(one.rate),
    }  # fmt: skip
    for metric in one.metrics:
        values[metric.name] = f"{metric.mean:.6f}"
        values[f"{metric.name}_low"], values[f"{metric.name}_high"] = (f"{end:.6f}" for end in metric.interval)
    values |= {f"failures {kind}": n for kind, n in one.failures}
    _properties(case, values)
    if one.outcome and one.outcome.outcome == "failed":
        _failure(case, one.run.name, one.outcome.misses)


def _failure(case: ElementTree.Element, name: str, misses: Sequence[str]) -> None:
    said, type_ = (misses, "Threshold") if misses else (("failed for another reason than a bar",), "Test")
    failure = ElementTree.SubElement(case, "failure", {"message": _legal(said[0]), "type": type_})
    failure.text = _legal("\n".join([f"{name} misses its bar", *misses]) if misses else f"{name} {said[0]}")


def _properties(parent: ElementTree.Element, values: dict[str, object]) -> None:
    group = ElementTree.SubElement(parent, "properties")
    for name, value in values.items():
        if value is not None:
            ElementTree.SubElement(group, "property", {"name": _legal(name), "value": _legal(str(value))})


def _number(value: float | None) -> str | None:
    return None if value is None else f"{value:.6g}"


def _legal(words: str) -> str:
    return _ILLEGAL.sub("\ufffd", text.visible(words))
