"""One row a case: the columns of Parquet and of JSON lines, which are the same."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from dspysota import costs
from dspysota.records import UNITS, Call, Case, Run, RunInfo

SCHEMA = 1
"""Version of the columns; some may be added under the same number, and none changes its meaning."""

SCORE = "score_"
"""Before the name of each metric: a column for every metric of any of the runs, null where a run's task lacks it."""

Kind = Literal["text", "whole", "number", "time", "requests"]
Value = str | int | float | datetime | list[dict[str, Any]] | None


@dataclass(frozen=True)
class Column:
    """A column's name, what its values are, and what they mean. Any value may be null: not known, or not there."""

    name: str
    kind: Kind
    words: str


COLUMNS = (
    Column("folder", "text", "the run folder"),
    Column("run_key", "text", "digest of what determines the run's outcome"),
    Column("run", "text", "the run's name"),
    Column("task", "text", "`gsm8k`, `hotpotqa`, …"),
    Column("data", "text", "true name of the data set; a twin has its own"),
    Column("data_digest", "text", "sha256 of the rows"),
    Column("split", "text", "of the data set"),
    Column("model", "text", "name in the catalog"),
    Column("weights", "text", "sha256 of the weights"),
    Column("program", "text", "`cot`, `read`, …"),
    Column("program_digest", "text", "sha256 of the prepared program"),
    Column("approach", "text", "`zero_shot`, `bootstrap`, …"),
    Column("teacher", "text", "the model that taught, where it was another one"),
    Column("adapter", "text", "how questions are put: `plain`, `chat`, …"),
    Column("seed", "whole", ""),
    Column("provenance", "text", "`measured` or `replayed`"),
    Column("commit", "text", "of the repository"),
    Column("started", "time", "when the run began, UTC, milliseconds"),
    Column("case_id", "text", "id of the example"),
    Column("question", "text", ""),
    Column("gold", "text", "the right answer"),
    Column("prediction", "text", "what was read from the output"),
    Column("failure", "text", "why it did not earn full marks; null exactly where it did"),
    Column("error", "text", "the message, where no answer was obtained at all"),
    Column("metric", "text", "name of the task's main metric"),
    Column("score", "number", "by the main metric, in [0, 1]; an error scores 0"),
    Column("seconds", "number", "from the question to its answer, wall time"),
    Column("first_token_seconds", "number", "of the first call"),
    Column("calls", "whole", "requests to the model"),
    Column("prompt_tokens", "whole", "of all calls, as the server counted"),
    Column("completion_tokens", "whole", ""),
    Column("cached_tokens", "whole", "prompt tokens that the server had"),
    Column("finish_reason", "text", "of the last call"),
    Column("cost", "number", "of the case, by the basis that claims use, else the only one in dollars"),
    Column("cost_basis", "text", "`list`, `machine` or `parameters`"),
    Column("cost_unit", "text", "`$` or `FLOP`"),
    Column("output", "text", "of the last call"),
    Column("requests", "requests", "every call: `messages` (`role`, `content`), `output`, `seconds`, `error`"),
    Column("details", "text", "what the task kept besides, such as retrieved titles, as JSON"),
)
"""Behind these come the columns of the metrics."""


def columns(runs: Sequence[Run]) -> tuple[Column, ...]:
    """All columns of these runs: the fixed ones, then one a metric."""
    metrics = dict.fromkeys(metric for run in runs for metric in run.info.metrics)
    return (*COLUMNS, *(Column(f"{SCORE}{metric}", "number", f"{metric}, in [0, 1]") for metric in metrics))


def rows(run: Run, folder: str) -> Iterator[dict[str, Value]]:
    """A row for each case of a run, in its order; columns that are null may be missing."""
    same = {"folder": folder, **_identity(run)}
    basis = costs.dollars(run)
    if run.info.prices is not None and run.info.prices.basis is not None:
        basis = run.info.prices.basis
    amounts = costs.of_run(run, basis) if basis else [None] * len(run.cases)
    priced = {"cost_basis": basis, "cost_unit": UNITS[basis]} if basis else {}
    for case, cost in zip(run.cases, amounts, strict=True):
        yield {**same, **_answer(case, run.info), **priced, "cost": cost}


def clean(text: str) -> str:
    """Text that can be encoded: half of a surrogate pair, which is no character, is spelled out.

    >>> clean("a" + chr(0xD800))
    'a\\\\ud800'
    """
    return text.encode("utf-8", "backslashreplace").decode()


def _identity(run: Run) -> Mapping[str, Value]:
    info = run.info
    return {
        "run_key": info.key,
        "run": run.name,
        "task": info.task,
        "data": info.data.name,
        "data_digest": info.data.digest,
        "split": info.data.split,
        "model": info.model.name,
        "weights": info.model.digest,
        "program": info.program,
        "program_digest": info.compile.program_digest,
        "approach": info.approach,
        "teacher": info.compile.teacher,
        "adapter": info.adapter,
        "seed": info.seed,
        "provenance": info.provenance,
        "commit": info.commit,
        "started": moment(info.started),
        "metric": info.primary,
    }


def _answer(case: Case, info: RunInfo) -> Mapping[str, Value]:
    usage = case.usage
    return {
        "case_id": case.case_id,
        "question": case.question,
        "gold": case.gold,
        "prediction": case.prediction,
        "failure": None if case.failure is None else str(case.failure),
        "error": case.error,
        "score": case.scores.get(info.primary),
        "seconds": case.seconds,
        "first_token_seconds": case.first_token_seconds,
        "calls": len(case.calls),
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "cached_tokens": usage.cached_tokens,
        "finish_reason": case.finish_reason,
        "output": case.calls[-1].output if case.calls else None,
        "requests": [_request(call) for call in case.calls],
        "details": json.dumps(case.details, ensure_ascii=False) if case.details else None,
        **{f"{SCORE}{metric}": score for metric, score in case.scores.items()},
    }


def _request(call: Call) -> dict[str, Any]:
    messages = [{"role": clean(turn.role), "content": clean(turn.content)} for turn in call.messages]
    return {"messages": messages, "output": clean(call.output), "seconds": call.seconds, "error": call.error}


def moment(iso: str) -> datetime | None:
    """The time that a record tells; None where it tells none."""
    try:
        return datetime.fromisoformat(iso)
    except ValueError:
        return None
