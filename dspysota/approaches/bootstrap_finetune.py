"""A teacher's right answers become training data, and the model's weights learn from them (DSPy's BootstrapFinetune).

The data are made as DSPy makes them. The training is not DSPy's: 3.4 trains by a version of TRL that is no longer
published, and serves the outcome by SGLang (docs/adr/0016-training.md). The program itself stays unprepared; what is
measured is the model, whose weights are others and are named as such.
"""

import json
import random
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import dspy
from dspy.teleprompt.bootstrap_trace import FailedPrediction, bootstrap_trace_data

from dspysota.compiling.job import Job, Outcome
from dspysota.compiling.lesson import Lesson
from dspysota.compiling.optimizing import quiet, watch
from dspysota.errors import ProgramError
from dspysota.programs import make_adapter

ASKS_MODEL = True

DEFAULTS: Mapping[str, Any] = {"epochs": 3, "rank": 16, "learning_rate": 2e-4, "batch": 8, "file": ""}
"""`file`: where the training data go, too; without a trainer it is all that can be had."""

LEAST = {"epochs": 1, "rank": 1, "learning_rate": 1e-7, "batch": 1}
MOST = {"epochs": 100, "rank": 1024, "learning_rate": 0.1, "batch": 1024}


def apply(job: Job) -> Outcome:
    """Ask the teacher all training questions, and have the model trained on what it answered with full marks.

    Each request of such a question is a conversation; they are shuffled by the seed. With `file` they are written there
    as well, one JSON object a line: `{"messages": [{"role", "content"}, …]}`. Raises ProgramError where no weights can
    be trained: before anything is paid, or with a `file` after it is written; and where nothing was right.
    """
    chosen = job.chosen(DEFAULTS, LEAST, MOST)
    path = Path(chosen.pop("file"))
    if job.trainer is not None:
        job.trainer.check()
    elif path == Path():
        raise ProgramError(
            "These weights cannot be trained: they are not here, but behind an address. To have the training data "
            "written, set optimize: {settings: {bootstrap_finetune: {file: train.jsonl}}}."
        )
    right = _right_answers(job)
    steps = [(trace, step) for trace in right for step in trace["trace"]]
    random.Random(job.seed).shuffle(steps)
    if path != Path():
        _write(path, [_messages(job, *step) for _, step in steps])
    notes = (f"{len(steps):,} conversations from {len(right):,} right answers to {len(job.train):,} questions.",)
    if job.trainer is None:
        raise ProgramError(
            f"No model was trained, for its weights are not here: {notes[0][:-1]} are in {str(path)!r} for a trainer "
            "of yours. Give what it makes a name in the model catalog, and measure it."
        )
    lesson = Lesson(conversations=tuple(_lines(job, *step) for _, step in steps), seed=job.seed, **chosen)
    return Outcome(module=job.student(), lesson=lesson, notes=notes)


def _right_answers(job: Job) -> list[dict[str, Any]]:
    """Return the traces with full marks. Raises ProgramError where there are none, or requests failed."""
    with (
        job.progress.shown(f"Asking {len(job.train)} training questions"),
        quiet(),
        dspy.context(**{**job.dspy_settings(), "lm": job.teacher}),
    ):
        traces = bootstrap_trace_data(
            job.student(), job.examples(), _told(job), num_threads=job.concurrency, raise_on_error=False,
            capture_failed_parses=True,
        )  # fmt: skip
    watch(job)
    right = [trace for trace in traces if not isinstance(trace["prediction"], FailedPrediction) and trace["score"] >= 1]
    if not right:
        spent = f" The budget of {job.tape.stopped} was spent on the way." if job.tape.stopped else ""
        raise ProgramError(
            f"None of {len(job.train)} training questions of {job.task} was answered right, so there is nothing to "
            f"train on; name a larger model as optimize.teacher.{spent}"
        )
    return right


def _told(job: Job) -> Callable[..., float]:
    """Return the metric, which says how far the asking is."""
    marks, right = job.marks, [0]

    def told(example: Any, prediction: Any, trace: object = None) -> float:
        score = marks(example, prediction, trace)
        right[0] += score >= 1
        job.progress.say(
            f"Asking {len(job.train):,} training questions: {job.tape.calls:,} requests, {right[0]:,} right answers"
        )
        return score

    return told


def _messages(job: Job, predictor: Any, inputs: Mapping[str, Any], outputs: Any) -> dict[str, Any]:
    line = _lines(job, predictor, inputs, outputs)
    if isinstance(line["prompt"], str):
        line = {"prompt": [_turn("user", line["prompt"])], "completion": [_turn("assistant", line["completion"])]}
    return {"messages": [*line["prompt"], *line["completion"]]}


def _lines(job: Job, predictor: Any, inputs: Mapping[str, Any], outputs: Any) -> dict[str, Any]:
    """Return what the model is asked, as it will be asked it, and what it is to say: turns, or texts to continue."""
    adapter = make_adapter(job.adapter_name)
    turns = adapter.format(predictor.signature, predictor.demos, dict(inputs))
    answer = adapter.format_assistant_message_content(predictor.signature, outputs)
    if hasattr(adapter, "continuation"):
        return {"prompt": turns[0]["content"], "completion": adapter.continuation(predictor.signature, answer)}
    return {"prompt": turns, "completion": [_turn("assistant", answer)]}


def _turn(role: str, content: str) -> dict[str, str]:
    return {"role": role, "content": content}


def _write(path: Path, conversations: Iterable[Mapping[str, Any]]) -> None:
    lines = [json.dumps(conversation, ensure_ascii=False) for conversation in conversations]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join([*lines, ""]), encoding="utf-8", errors="replace")
    except OSError as error:
        raise ProgramError(f"The training data cannot be written to {str(path)!r}: {error.strerror}.") from error
