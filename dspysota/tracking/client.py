"""The conversation with MLflow."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from dspysota.errors import RunError
from dspysota.exports.rows import moment
from dspysota.records import Run
from dspysota.report import text
from dspysota.report.meta import ReportMeta
from dspysota.report.view import RunView, in_order
from dspysota.tracking import values

PARENT = "mlflow.parentRunId"
SQLITE = "sqlite:///"
ARTIFACTS = ("report.html", "summary.md")

QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",  # nobody asked for it
    "DO_NOT_TRACK": "true",
    "MLFLOW_ALLOW_FILE_STORE": "true",  # a folder was named, so a folder is meant
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",  # by default a store that is away is waited for over two minutes
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
    "GIT_PYTHON_REFRESH": "quiet",
}
"""MLflow's own settings while we talk to it; those that the user has set stay as they are."""


def log(uri: str, folder: Path, runs: Sequence[Run], meta: ReportMeta) -> str:
    """Log the runs of a folder to the store at `uri`; return a sentence on what was logged.

    Nothing is logged twice: a folder whose MLflow run is whole is left alone. Raises RunError, with the cure, where
    MLflow is missing, and where the store cannot be reached or refuses.
    """
    if find_spec("mlflow") is None:
        raise RunError("Nothing was logged to MLflow, which is not installed: pip install 'dspysota[mlflow]'.")
    try:
        with _quietly():
            return _log(uri, folder, runs, meta)
    except RunError:
        raise
    except Exception as error:  # noqa: BLE001 whatever a store's client raises, the runs are stored and the tests judged
        why = text.one_line(text.visible(text.redacted(str(error) or type(error).__name__)), 300)
        raise RunError(f"Nothing more can be logged to MLflow at {_shown(uri)}: {why.rstrip('.')}.") from None


def _client(uri: str) -> Any:
    client = import_module("mlflow.tracking").MlflowClient
    return client(tracking_uri=uri, registry_uri=uri)


def _log(uri: str, folder: Path, runs: Sequence[Run], meta: ReportMeta) -> str:
    client, name = _client(uri), values.said(meta.title)
    place = _experiment(client, uri, name)
    if _logged(client, place, folder.name):
        return f"MLflow has {folder.name} already, in the experiment {name!r}."
    views = in_order(runs, meta).runs
    parent = _session(client, place, folder, views, meta)
    for view in views:
        _run(client, place, parent, view, meta, folder.name)
    client.set_terminated(parent, end_time=max((_times(view)[1] for view in views), default=None))
    return f"logged to MLflow: {len(views)} run{'s' if len(views) != 1 else ''}, in the experiment {name!r}."


def _experiment(client: Any, uri: str, name: str) -> str:
    """The experiment of this name, made where there is none.

    Files of an SQLite store go beside the database: left to itself, MLflow puts them wherever the command was typed.
    """
    found = client.get_experiment_by_name(name)
    if found is not None:
        return str(found.experiment_id)
    path = uri.removeprefix(SQLITE) if uri.startswith(SQLITE) else ""
    beside = (Path(path).absolute().parent / "mlruns").as_uri() if path else None
    return str(client.create_experiment(name, artifact_location=beside))


def _logged(client: Any, place: str, folder: str) -> bool:
    """Whether the folder was logged to its end; what an earlier try has left half done is done again."""
    query = f"tags.`dspysota.session` = '{_tag(folder)}' and attributes.status = 'FINISHED'"
    return bool(client.search_runs([place], query, max_results=1))


def _tag(folder: str) -> str:
    return values.said(folder).replace("'", "_")  # it stands in a query


def _session(client: Any, place: str, folder: Path, views: Sequence[RunView], meta: ReportMeta) -> str:
    """The MLflow run that stands for the folder and holds its report: once, and not once for each of its runs."""
    began = min((_times(view)[0] for view in views), default=None)
    tags = {"dspysota.session": _tag(folder.name), "mlflow.source.name": values.said(text.redacted(meta.command))}
    made = client.create_run(place, start_time=began, tags=tags, run_name=folder.name)
    for name in ARTIFACTS:
        if (folder / name).is_file():
            client.log_artifact(made.info.run_id, str(folder / name))
    return str(made.info.run_id)


def _run(client: Any, place: str, parent: str, view: RunView, meta: ReportMeta, folder: str) -> None:
    entities = import_module("mlflow.entities")
    began, ended = _times(view)
    tags = {**values.tags(view, meta, folder), PARENT: parent}
    made = client.create_run(place, start_time=began, tags=tags, run_name=values.said(view.run.name))
    client.log_batch(
        made.info.run_id,
        metrics=[entities.Metric(name, float(value), ended, 0) for name, value in values.metrics(view).items()],
        params=[entities.Param(name, value) for name, value in values.params(view.run).items()],
    )
    client.set_terminated(made.info.run_id, end_time=ended)


def _times(view: RunView) -> tuple[int, int]:
    """When a run began and when it had been measured, in milliseconds since the epoch."""
    began = moment(view.run.info.started)
    start = int(began.timestamp() * 1000) if began else 0
    return start, start + int(view.run.info.wall_seconds * 1000)


def _shown(uri: str) -> str:
    return repr(text.visible(text.redacted(uri)))


@contextmanager
def _quietly() -> Iterator[None]:
    """MLflow without retries that take minutes, without what it has to say, and without telemetry."""
    before = {name: os.environ.get(name) for name in QUIET}
    os.environ.update({name: value for name, value in QUIET.items() if not before[name]})
    loggers = [logging.getLogger(name) for name in ("mlflow", "alembic", "urllib3")]
    levels = [one.level for one in loggers]
    try:
        for one in loggers:
            one.setLevel(logging.CRITICAL)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for one, level in zip(loggers, levels, strict=True):
            one.setLevel(level)
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
