"""JUnit XML: one test case a run, with what CI systems chart as its properties."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

from dspysota.claims.verdict import rounded
from dspysota.gate import Finding, Word, sentences
from dspysota.records import Run
from dspysota.report import flakiness, text, verdicts
from dspysota.report.meta import Decision, ReportMeta
from dspysota.report.view import RunView, view
from dspysota.untrusted import xml_text


def render(runs: Sequence[Run], meta: ReportMeta) -> str:
    """The document as text. A run that was not judged is a test case that passed, and its property says so; one that
    could not be made is an error. A test that failed for another reason than a bar is a case of its own, and so is a
    claim that was asserted: a failure where its verdict failed the test, skipped where it is undecided by leave."""
    report = view(runs, meta)
    failed = sum(one.verdict == "failed" for one in report.runs) + len(meta.failed)
    failed += sum(_fails(one) for one in meta.verdicts)
    seconds = sum(run.info.wall_seconds for run in runs)
    tests, unmade = len(report.runs) + len(meta.unmade) + len(meta.failed) + len(meta.verdicts), len(meta.unmade)
    gated = _gated(meta)
    failed += sum(finding is not None for _, finding in gated)
    tests += len(gated)
    skipped = sum(_undecided(one) for one in meta.verdicts)
    count = {"tests": str(tests), "failures": str(failed), "errors": str(unmade), "skipped": str(skipped)}
    top = ElementTree.Element("testsuites", {"name": xml_text(meta.title), **count, "time": f"{seconds:.3f}"})
    suite = ElementTree.SubElement(top, "testsuite", {"name": "dspysota", **count, "time": f"{seconds:.3f}"})
    _properties(suite, {"command": text.redacted(meta.command)})
    for decision in verdicts.decisions(meta):
        _claim(suite, decision)
    for one in report.runs:
        _case(suite, one, meta.margins.get(one.run.info.key))
    troubles = [("error", "NotMeasured", meta.unmade), ("failure", "Test", meta.failed)]
    for kind, type_, reasons in troubles:
        for test, reason in reasons.items():
            named = {"classname": "dspysota", "name": xml_text(test), "time": "0"}
            case = ElementTree.SubElement(suite, "testcase", named)
            ElementTree.SubElement(case, kind, {"message": xml_text(reason), "type": type_})
    for name, finding in gated:
        named = {"classname": "dspysota.gate", "name": xml_text(name), "time": "0"}
        case = ElementTree.SubElement(suite, "testcase", named)
        if finding is not None:
            said = {"message": xml_text(finding.sentence), "type": str(finding.word)}
            ElementTree.SubElement(case, "failure", said).text = xml_text(f"{name}: {finding.sentence}")
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


def _case(suite: ElementTree.Element, one: RunView, margin: float | None) -> None:
    info = one.run.info
    name = one.outcome.test if one.outcome and one.outcome.test else one.named
    attributes = {"classname": f"dspysota.{info.task}", "name": name, "time": f"{info.wall_seconds:.3f}"}
    case = ElementTree.SubElement(suite, "testcase", {key: xml_text(value) for key, value in attributes.items()})
    values: dict[str, object] = {
        "run": one.run.name, "verdict": one.verdict, "provenance": info.provenance, "data": info.data.name,
        "data_source": info.data.source, "data_digest": info.data.digest, "cases": one.n, "errors": one.run.errors,
        "ended": one.ended or None, "rows": info.data.rows if one.ended else None,
        "tokens_per_question": _number(one.tokens), "p50_seconds": _number(one.p50), "p95_seconds": _number(one.p95),
        "questions_per_second": _number(one.rate),
        **{name: _number(value) for name, value in _latency(one).items()},
    }  # fmt: skip
    for metric in one.metrics:
        values[metric.name] = f"{metric.mean:.6f}"
        values[f"{metric.name}_low"], values[f"{metric.name}_high"] = (f"{end:.6f}" for end in metric.interval)
    values |= _flaky(one.run, margin)
    values |= {f"failures {kind}": n for kind, n in one.failures}
    values |= _costs(one)
    _properties(case, values)
    if one.outcome and one.outcome.outcome == "failed":
        _failure(case, one.run.name, one.outcome.misses)


def _costs(one: RunView) -> dict[str, object]:
    """Amounts in the unit named, which CI systems chart; dollars under a name of their own."""
    if (cost := one.cost) is None:
        return {}
    values: dict[str, object] = {"cost_basis": cost.basis, "cost_unit": cost.unit}
    for name, estimate in (("cost_per_question", cost.per_question), ("cost_per_correct", cost.per_correct)):
        if estimate is not None:
            ends = (estimate.value, *estimate.interval)
            values |= {f"{name}{end}": _number(value) for end, value in zip(("", "_low", "_high"), ends, strict=True)}
    if cost.unit == "$":
        values["usd_per_question"] = values.get("cost_per_question")
    return {**values, "cost_of_preparing": _number(cost.compile.total)}


def _latency(one: RunView) -> dict[str, float | None]:
    """What is charted besides p50 and p95; p90 and p99 only where there are cases enough to carry them."""
    found = one.latency
    question = found.question
    return {
        "p90_seconds": question.at(90) if question and not question.few(90) else None,
        "p99_seconds": question.at(99) if question and not question.few(99) else None,
        "first_token_p50_seconds": one.first_token,
        "queue_p50_seconds": found.queue.at(50) if found.queue else None,
        "prefix_cache_hit_rate": found.hit_rate,
    }


def _claim(suite: ElementTree.Element, one: Decision) -> None:
    verdict = one.verdict
    named = {"classname": "dspysota.claim", "name": xml_text(one.test), "time": "0"}
    case = ElementTree.SubElement(suite, "testcase", named)
    more = None if verdict.more is None else rounded(verdict.more)
    values: dict[str, object] = {
        "verdict": verdict.outcome, "run": verdict.run, "provenance": verdict.run_provenance,
        "reference": verdict.reference, "reference_provenance": verdict.reference_provenance,
        "policy": verdict.policy, "alpha": verdict.alpha, "more_examples": more,
        "seeds": verdict.seeds, "reference_seeds": verdict.reference_seeds,
    }  # fmt: skip
    for criterion in verdict.criteria:
        prefix = "" if criterion.name == "quality" else f"{criterion.name}_"
        low, high = criterion.interval or (None, None)
        values |= {
            f"{criterion.name}_verdict": criterion.outcome, f"{prefix}bar": criterion.bar, f"{prefix}n": criterion.n,
            f"{prefix}ratio": _number(criterion.ratio), f"{prefix}ratio_low": _number(low),
            f"{prefix}ratio_high": _number(high), f"{prefix}p_pass": _number(criterion.p_pass),
            f"{prefix}p_fail": _number(criterion.p_fail),
        }  # fmt: skip
    _properties(case, values)
    message, text_ = xml_text(verdict.sentences()[0]), xml_text("\n".join(verdict.sentences()))
    if _fails(one):
        kind = "Inconclusive" if one.outcome == "inconclusive" else "Claim"
        ElementTree.SubElement(case, "failure", {"message": message, "type": kind}).text = text_
    elif _undecided(one):
        ElementTree.SubElement(case, "skipped", {"message": message, "type": "Inconclusive"}).text = text_


def _fails(one: Decision) -> bool:
    """Whether the verdict failed its test: one that a test expected did not, and neither did one that may be open."""
    return one.outcome != "passed" and not one.verdict


def _undecided(one: Decision) -> bool:
    return one.verdict.outcome == "INCONCLUSIVE" and not _fails(one)


def _flaky(run: Run, margin: float | None) -> dict[str, object]:
    """Properties of a run whose questions were asked twice."""
    one = flakiness.flakiness(run, margin)
    if one is None:
        return {}
    named = {
        "score": (one.score_rate, one.score_interval),
        "prediction": (one.prediction_rate, one.prediction_interval),
    }
    values: dict[str, object] = {"asked_twice": one.pairs, "flips_warning": "; ".join(one.warnings) or None}
    for name, (rate, (low, high)) in named.items():
        values |= {
            f"{name}_flips": f"{rate:.6f}",
            f"{name}_flips_low": f"{low:.6f}",
            f"{name}_flips_high": f"{high:.6f}",
        }
    return values


def _failure(case: ElementTree.Element, name: str, misses: Sequence[str]) -> None:
    said, type_ = (misses, "Threshold") if misses else (("failed for another reason than a bar",), "Test")
    failure = ElementTree.SubElement(case, "failure", {"message": xml_text(said[0]), "type": type_})
    failure.text = xml_text("\n".join([f"{name} misses its bar", *misses]) if misses else f"{name} {said[0]}")


def _properties(parent: ElementTree.Element, values: dict[str, object]) -> None:
    group = ElementTree.SubElement(parent, "properties")
    for name, value in values.items():
        if value is not None:
            ElementTree.SubElement(group, "property", {"name": xml_text(name), "value": xml_text(str(value))})


def _number(value: float | None) -> str | None:
    return None if value is None else f"{value:.6g}"
