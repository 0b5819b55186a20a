"""A teacher's right answers as training data for the model's weights (the first half of DSPy's BootstrapFinetune).

The second half is not here. DSPy 3.4 trains by a version of TRL that is no longer published and serves the outcome by
SGLang; and trained weights are another model, to be measured under a name of its own, not a program of this one.
"""

import json
import random
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import dspy
from dspy.teleprompt.bootstrap_trace import FailedPrediction, bootstrap_trace_data

from dspysota.compiling.job import Job, Outcome
from dspysota.compiling.optimizing import quiet, watch
from dspysota.errors import ProgramError
from dspysota.programs import make_adapter

ASKS_MODEL = True

DEFAULTS: Mapping[str, Any] = {"file": ""}
"""Where the conversations go; without it nothing is asked."""


def apply(job: Job) -> Outcome:
    """Write the teacher's right answers to training questions as chat conversations, then say that nothing was trained.

    One JSON object a line, `{"messages": [{"role", "content"}, …]}`, for each request of each question that was
    answered with full marks, shuffled by the seed. Always raises ProgramError, without a `file` before anything is
    paid: an untrained model must not pass for a trained one.
    """
    path = Path(job.chosen(DEFAULTS)["file"])
    if path == Path():
        raise ProgramError(
            "No model can be trained here: neither vLLM nor this version of DSPy has a trainer that works. To have the "
            "training data written, set optimize: {settings: {bootstrap_finetune: {file: train.jsonl}}}."
        )
    with (
        job.progress.shown(f"Asking {len(job.train)} training questions"),
        quiet(),
        dspy.context(**{**job.dspy_settings(), "lm": job.teacher}),
    ):
        traces = bootstrap_trace_data(
            job.student(), job.examples(), job.marks, num_threads=job.concurrency, raise_on_error=False,
            capture_failed_parses=True,
        )  # fmt: skip
    watch(job)
    right = [trace for trace in traces if not isinstance(trace["prediction"], FailedPrediction) and trace["score"] >= 1]
    conversations = [_conversation(job, *step) for trace in right for step in trace["trace"]]
    random.Random(job.seed).shuffle(conversations)
    spent = f" The budget of {job.tape.stopped} was spent on the way." if job.tape.stopped else ""
    if not right:
        raise ProgramError(
            f"None of {len(job.train)} training questions of {job.task} was answered right, so there is nothing to "
            f"train on; name a larger model as optimize.teacher.{spent}"
        )
    _write(path, conversations)
    raise ProgramError(
        f"No model was trained: {len(conversations)} conversations from {len(right)} right answers are in "
        f"{str(path)!r} for a trainer of yours.{spent} Give what it makes a name in the model catalog, and measure it."
    )


def _conversation(job: Job, predictor: Any, inputs: Mapping[str, Any], outputs: Any) -> dict[str, Any]:
    adapter = make_adapter(job.adapter_name)
    answer = adapter.format_assistant_message_content(predictor.signature, outputs)
    turns = adapter.format(predictor.signature, predictor.demos, dict(inputs))
    return {"messages": [*turns, {"role": "assistant", "content": answer}]}


def _write(path: Path, conversations: Iterable[Mapping[str, Any]]) -> None:
    lines = [json.dumps(conversation, ensure_ascii=False) for conversation in conversations]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join([*lines, ""]), encoding="utf-8", errors="replace")
    except OSError as error:
        raise ProgramError(f"The training data cannot be written to {str(path)!r}: {error.strerror}.") from error
