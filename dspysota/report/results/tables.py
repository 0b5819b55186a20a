"""The tables of the results document: what was measured, what it says, and how it was made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from dspysota.errors import RunError
from dspysota.records import Failure, Run
from dspysota.report import text
from dspysota.report.markdown import code, plain
from dspysota.report.meta import ReportMeta
from dspysota.report.results.claims import claims
from dspysota.report.results.findings import standing_out
from dspysota.report.results.rows import table
from dspysota.report.results.steps import steps
from dspysota.report.sections.banner import said
from dspysota.report.view import RunView, in_order


def body(runs: Sequence[Run], commands: Sequence[str] = (), meta: ReportMeta | None = None) -> str:
    """One block of the document: the claims that `meta` knows verdicts of; for each data set what stands out, scores,
    cost and time, failure classes, lift steps and compilations; then how it was made.

    Raises RunError when there are no runs.
    """
    if not runs:
        raise RunError("There are no runs to make results of; name folders that hold finished runs.")
    views = in_order(runs, ReportMeta(command="")).runs
    parts = claims(meta) if meta else []
    for rows in dict.fromkeys(_rows(view) for view in views):
        parts += _data_set([view for view in views if _rows(view) == rows])
    return "\n".join([*parts, *_made(views, commands)])


def _rows(view: RunView) -> tuple[str, str, str]:
    """Runs share a table only where they were asked the same rows."""
    data = view.run.info.data
    return data.name, data.split, data.digest


def _data_set(views: Sequence[RunView]) -> list[str]:
    data = views[0].run.info.data
    metrics = list(dict.fromkeys(name for view in views for name in view.run.info.metrics))
    runs = [view.run for view in views]
    kinds = [kind for kind in Failure if any(kind in dict(view.failures) for view in views)]
    return [
        f"### {plain(data.name)}",
        "",
        f"{data.rows:,} rows of the {plain(data.split)} split, from {plain(said(data))}; sha256 `{data.digest}`.",
        "",
        *standing_out(runs),
        *table(
            ("n", *metrics),
            ((view.run, (view.asked, *_scores(view, metrics))) for view in views),
        ),
        *table(
            ("tokens a question (prompt + completion)", "of them cached", "wall s", "p50 s", "p95 s",
             "first token p50 s", "questions/s", "completion tokens/s"),
            ((view.run, _cost(view)) for view in views),
        ),
        *table(
            ("right", *(kind.value for kind in kinds)),
            ((view.run, (str(view.right), *_counts(view, kinds))) for view in views),
        ),
        *steps(runs),
        *_compiled([view for view in views if view.run.info.compile.calls]),
    ]  # fmt: skip


def _scores(view: RunView, metrics: Sequence[str]) -> Iterable[str]:
    found = {metric.name: metric for metric in view.metrics}
    return (text.scored(found[name].mean, found[name].interval) if name in found else "–" for name in metrics)


def _cost(view: RunView) -> tuple[str, ...]:
    tokens = f"{text.count(view.tokens)} ({text.count(view.prompt)} + {text.count(view.completion)})"
    if view.n and view.tokens is None:
        tokens = text.tokens(None)
    wall = text.count(view.run.info.wall_seconds)
    seconds = (text.short(value) for value in (view.p50, view.p95, view.first_token, view.rate))
    return (tokens, text.count(view.cached), wall, *seconds, text.count(view.token_rate))


def _counts(view: RunView, kinds: Sequence[Failure]) -> Iterable[str]:
    return (str(dict(view.failures).get(kind, 0)) for kind in kinds)


def _compiled(views: Sequence[RunView]) -> list[str]:
    rows = []
    for view in views:
        spent = view.run.info.compile
        usage = text.spent(spent.usage)
        minutes = text.short(spent.seconds / 60) + (" (earlier, reused)" if spent.reused else "")
        score = "–" if spent.validation_score is None else f"{spent.validation_score:.3f} of {spent.validation_rows}"
        ended = f"{minutes}; ended by its budget of {spent.stopped}" if spent.stopped else minutes
        rows.append((view.run, (str(spent.calls), usage, ended, str(spent.candidates or "–"), score)))
    head = ("compile calls", "compile tokens (prompt + completion)", "minutes", "chosen among", "validation score")
    return table(head, rows)


def _made(views: Sequence[RunView], commands: Sequence[str]) -> list[str]:
    infos = [view.run.info for view in views]
    models = {(info.model.name, info.model.digest): info.model for info in infos}
    asked = sorted({f"{info.concurrency} at once, seed {info.seed}" for info in infos})
    facts = [
        *(
            f"- model {plain(m.name)}: {m.backend}, weights {plain(m.source or 'of an endpoint')}, "
            f"sha256 {code(m.digest or 'not known')}"
            for m in models.values()
        ),
        f"- asked {'; '.join(asked)}",
        *(f"- machine: {said}" for said in _distinct(info.machine for info in infos)),
        *(f"- versions: {said}" for said in _distinct(info.versions for info in infos)),
        f"- commit: {', '.join(sorted({info.commit or 'not in a repository' for info in infos}))}",
        f"- measured: {min(info.started for info in infos)[:10]} to {max(info.started for info in infos)[:10]} (UTC)",
    ]
    made = ["### How these were made", ""]
    if commands:
        made += ["```sh", *(text.visible(text.redacted(one)).replace("```", "") for one in commands), "```", ""]
    return [*made, *facts, ""]


def _distinct(values: Iterable[Mapping[str, object]]) -> list[str]:
    said = [", ".join(f"{plain(str(k))} {plain(str(v))}" for k, v in value.items()) for value in values]
    return [one for one in dict.fromkeys(said) if one]
