"""What MLflow is told of a run: parameters that identify it, figures, and how it was judged. No address, no key."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from dspysota.latency import Spread
from dspysota.records import Run
from dspysota.report import text
from dspysota.report.meta import ReportMeta
from dspysota.report.view import RunView

LONGEST = 500
"""Characters of a value: MLflow's servers have refused longer parameters."""


def params(run: Run) -> dict[str, str]:
    """What decides the outcome, as text; what is not known is left out."""
    info = run.info
    values: dict[str, object] = {
        "task": info.task,
        "data": info.data.name,
        "data_source": info.data.source,
        "data_digest": info.data.digest,
        "split": info.data.split,
        "rows": info.data.rows,
        "limit": info.limit,
        "model": info.model.name,
        "weights_digest": info.model.digest,
        "backend": info.model.backend,
        "program": info.program,
        "program_digest": info.compile.program_digest,
        "approach": info.approach,
        "teacher": info.compile.teacher,
        "adapter": info.adapter,
        "seed": info.seed,
        "metric": info.primary,
        "metric_version": info.metric_version,
        "concurrency": info.concurrency,
        "provenance": info.provenance,
        "role": info.role,
        **{f"sampling.{name}": value for name, value in info.sampling.items()},
    }
    return {name: said(value) for name, value in values.items() if value is not None}


def metrics(view: RunView) -> dict[str, float]:
    """Figures by name; those that are not known, and ends without a bound, are left out."""
    return {name: value for name, value in _metrics(view) if value is not None and math.isfinite(value)}


def tags(view: RunView, meta: ReportMeta, folder: str) -> dict[str, str]:
    """Where the run is stored, and what tests made of it."""
    info = view.run.info
    claims = [one.verdict for one in meta.verdicts if one.verdict.run_key == info.key]
    values = {
        "dspysota.folder": folder,
        "dspysota.run_key": info.key,
        "dspysota.verdict": view.verdict,
        "dspysota.claim": ", ".join(dict.fromkeys(str(one.outcome) for one in claims)),
        "dspysota.claim_sentence": "; ".join(one.sides for one in claims),
        "dspysota.misses": "; ".join(view.outcome.misses) if view.outcome else "",
        "dspysota.version": info.versions.get("dspysota", ""),
        "mlflow.source.git.commit": info.commit or "",
        "mlflow.source.name": text.redacted(meta.command),
        "mlflow.source.type": "JOB",
    }
    return {name: said(value) for name, value in values.items() if value}


def said(value: object) -> str:
    """A value as MLflow takes it: text that can be shown, on one line, and not too long."""
    return text.one_line(text.visible(str(value)), LONGEST)


def _metrics(view: RunView) -> Iterator[tuple[str, float | None]]:
    for metric in view.metrics:
        low, high = metric.interval
        yield from ((metric.name, metric.mean), (f"{metric.name}_low", low), (f"{metric.name}_high", high))
    if primary := view.primary:
        low, high = primary.interval
        yield from (("score", primary.mean), ("score_low", low), ("score_high", high))
    yield from (("cases", view.n), ("errors", view.run.errors))
    yield from ((f"failures.{str(kind).replace(' ', '_')}", n) for kind, n in view.failures)
    yield from (("prompt_tokens", view.prompt), ("completion_tokens", view.completion))
    yield from (("tokens_per_question", view.tokens), ("compile_tokens", view.run.info.compile.usage.total_tokens))
    yield from _cost(view)
    if view.run.info.provenance == "measured":  # seconds of another session are none of this one's
        yield from _seconds(view)


def _cost(view: RunView) -> Iterator[tuple[str, float | None]]:
    cost = view.cost
    if cost is None:
        return
    unit = "usd" if cost.unit == "$" else "flop"
    for name, estimate in (("question", cost.per_question), ("correct", cost.per_correct)):
        if estimate is not None:
            yield f"{unit}_per_{name}", estimate.value
            yield f"{unit}_per_{name}_low", estimate.interval.low
            yield f"{unit}_per_{name}_high", estimate.interval.high
    yield f"{unit}_total", cost.total
    yield f"{unit}_of_preparing", cost.compile.total


def _seconds(view: RunView) -> Iterator[tuple[str, float | None]]:
    spreads: Mapping[str, Spread | None] = {
        "seconds": view.latency.question,
        "first_token_seconds": view.latency.first_token,
    }
    for name, spread in spreads.items():
        for q in (50, 90, 95, 99):
            if spread is not None and not spread.few(q):
                yield f"p{q}_{name}", spread.at(q)
    yield "wall_seconds", view.run.info.wall_seconds
    yield "questions_per_second", view.rate
