"""The files that lm-evaluation-harness writes under `--log_samples`, made of stored runs.

    <model>__<program>__<approach>…/results_<date>.json            what the harness calls EvalResults
    <model>__<program>__<approach>…/samples_<data>_<date>.jsonl    one line a case

A folder is what the harness calls a model, here a model with its program; a task is named by its data set, so that two
folders compare by it. Field by field after lm_eval 0.4.13: `lm_eval/result_schema.py`, `evaluator.py` and
`loggers/evaluation_tracker.py`. What the harness does not know (failure, seconds, tokens) stands beside its fields, and
what does not exist here (tokenizer, chat template) is null or says so.
"""

from __future__ import annotations

import hashlib
import json
import re
import statistics
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from dspysota import __version__
from dspysota.exports.rows import clean, moment
from dspysota.exports.staging import Staging
from dspysota.records import Call, Case, Message, Run

FILTER = "none"
"""Name of the harness's filter that changes nothing: answers were read by the program."""

INVALID = "[invalid]"
"""What the harness's filters put where no answer can be read."""

_MODEL = re.compile(r"[^A-Za-z0-9._+@-]+")
_TASK = re.compile(r"\W+")


def write(runs: Sequence[Run], staging: Staging) -> None:
    """The samples of every run, then the results of each folder: where a results file is, its samples are."""
    date = _date(runs)
    for system, tasks in _systems(runs).items():
        samples = {
            task: [_sample(place, case, run) for place, case in enumerate(run.cases)] for task, run in tasks.items()
        }
        for task, lines in samples.items():
            path = staging.file(system, f"samples_{task}_{date}.jsonl")
            with path.open("w", encoding="utf-8", newline="\n") as file:
                file.writelines(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        path = staging.file(system, f"results_{date}.json")
        path.write_text(json.dumps(_results(system, tasks, samples), indent=2, ensure_ascii=False), encoding="utf-8")


def _systems(runs: Sequence[Run]) -> dict[str, dict[str, Run]]:
    """Runs by folder and task. Of several with one name those behind the first are told apart by their rows."""
    found: dict[str, dict[str, Run]] = {}
    for run in runs:
        if not run.cases:
            continue
        tasks = found.setdefault(_system(run), {})
        name = _TASK.sub("_", run.info.data.name)
        if name in tasks:
            name = f"{name}_{run.info.data.digest[:8]}"
        while name in tasks:
            name = f"{name}_again"
        tasks[name] = run
    return found


def _system(run: Run) -> str:
    info = run.info
    parts = [info.model.name, info.program, info.approach]
    parts += [f"by-{info.compile.teacher}"] if info.compile.teacher else []
    parts += [info.adapter] if info.adapter != "plain" else []
    parts += [f"seed{info.seed}"] if info.own_seed else []
    return "__".join(_MODEL.sub("-", part).strip("-.") or "unnamed" for part in parts)


def _sample(place: int, case: Case, run: Run) -> dict[str, Any]:
    doc = {"id": clean(case.case_id), "question": clean(case.question), "answer": clean(case.gold)}
    prompts = [_prompt(call) for call in case.calls] or [doc["question"]]
    settings = _settings(run)
    target = clean(case.gold)
    return {
        "doc_id": place,
        "doc": doc,
        "target": target,
        "arguments": {f"gen_args_{i}": {"arg_0": prompt, "arg_1": settings} for i, prompt in enumerate(prompts)},
        "resps": [[clean(call.output)] for call in case.calls] or [[""]],
        "filtered_resps": [INVALID if case.prediction is None else clean(case.prediction)],
        "filter": FILTER,
        "metrics": list(case.scores),
        "doc_hash": _hash(json.dumps(doc, indent=2, ensure_ascii=False)),
        "prompt_hash": _hash(prompts[0]),
        "target_hash": _hash(target),
        **case.scores,
        "failure": None if case.failure is None else str(case.failure),
        "seconds": case.seconds,
        "prompt_tokens": case.usage.prompt_tokens,
        "completion_tokens": case.usage.completion_tokens,
    }


def _prompt(call: Call) -> str:
    """A chat as the harness logs it for chat models: JSON of its turns; a text that was to be continued as it is."""
    if [turn.role for turn in call.messages] == ["prompt"]:
        return clean(call.messages[0].content)
    turns = [{"role": turn.role, "content": turn.content} for turn in call.messages]
    return clean(json.dumps(turns, ensure_ascii=False))


def _settings(run: Run) -> dict[str, Any]:
    sampling = {name: value for name, value in run.info.sampling.items() if value is not None}
    most = sampling.pop("max_tokens", None)
    return {"until": [], "do_sample": bool(sampling.get("temperature")), "max_gen_toks": most, **sampling}


def _results(
    system: str, tasks: Mapping[str, Run], samples: Mapping[str, Sequence[Mapping[str, Any]]]
) -> dict[str, Any]:
    first = next(iter(tasks.values()))
    wall = sum(run.info.wall_seconds for run in tasks.values())
    began = moment(first.info.started)
    return {
        "results": {task: _scores(task, run) for task, run in tasks.items()},
        "group_subtasks": {task: [] for task in tasks},
        "configs": {task: _config(task, run) for task, run in tasks.items()},
        "versions": {task: run.info.metric_version for task, run in tasks.items()},
        "n-shot": {task: _shots(run) for task, run in tasks.items()},
        "higher_is_better": {task: dict.fromkeys(run.info.metrics, True) for task, run in tasks.items()},
        "n-samples": {
            task: {"original": max(run.info.data.rows, len(run.cases)), "effective": len(run.cases)}
            for task, run in tasks.items()
        },
        "config": _execution(first),
        "git_hash": first.info.commit,
        "date": began.timestamp() if began else None,
        "pretty_env_info": json.dumps({**first.info.machine, **first.info.versions}, ensure_ascii=False),
        "transformers_version": first.info.versions.get("transformers", "N/A"),
        "lm_eval_version": f"N/A (written by dspysota {__version__})",
        "upper_git_hash": None,
        "task_hashes": {
            task: _hash("".join(one["doc_hash"] + one["prompt_hash"] + one["target_hash"] for one in lines))
            for task, lines in samples.items()
        },
        "model_source": "dspysota",
        "model_name": system,
        "model_name_sanitized": system,
        "system_instruction": None,
        "system_instruction_sha": None,
        "fewshot_as_multiturn": None,
        "chat_template": None,
        "chat_template_sha": None,
        "start_time": 0.0,
        "end_time": wall,
        "total_evaluation_time_seconds": str(wall),
    }


def _scores(task: str, run: Run) -> dict[str, Any]:
    """Means, and their standard errors by the harness's formula: of the sample, with n - 1; `N/A` of a single case."""
    values: dict[str, Any] = {"name": task, "alias": task, "sample_len": len(run.cases)}
    for metric in run.info.metrics:
        scores = run.scores(metric)
        n = len(scores)
        values[f"{metric},{FILTER}"] = statistics.fmean(scores)
        values[f"{metric}_stderr,{FILTER}"] = statistics.stdev(scores) / n**0.5 if n > 1 else "N/A"
    return values


def _config(task: str, run: Run) -> dict[str, Any]:
    info = run.info
    return {
        "task": task,
        "dataset_path": info.data.name,
        "test_split": info.data.split,
        "output_type": "generate_until",
        "num_fewshot": _shots(run),
        "generation_kwargs": _settings(run),
        "repeats": 1,
        "metric_list": [{"metric": one, "aggregation": "mean", "higher_is_better": True} for one in info.metrics],
        "metadata": {
            "version": info.metric_version,
            "program": info.program,
            "approach": info.approach,
            "adapter": info.adapter,
            "program_digest": info.compile.program_digest,
            "data_digest": info.data.digest,
            "provenance": info.provenance,
        },
    }


def _execution(run: Run) -> dict[str, Any]:
    info = run.info
    return {
        "model": "dspysota",
        "model_args": f"model={info.model.name}",
        "model_num_parameters": None if info.model.parameters is None else int(info.model.parameters),
        "model_sha": info.model.digest,
        "batch_size": info.concurrency,
        "batch_sizes": [],
        "device": info.model.backend,
        "use_cache": None,
        "limit": info.limit,
        "bootstrap_iters": 0,
        "gen_kwargs": _settings(run),
        "random_seed": info.seed,
        "numpy_seed": info.seed,
        "torch_seed": info.seed,
        "fewshot_seed": info.seed,
    }


def _shots(run: Run) -> int:
    """Demonstrations in the first request, which are chat turns of the assistant where they are turns at all."""
    sent: Sequence[Message] = next((case.calls[0].messages for case in run.cases if case.calls), ())
    return sum(turn.role == "assistant" for turn in sent)


def _date(runs: Sequence[Run]) -> str:
    """When the first run began, as the harness writes it into names: the same export has the same names."""
    times = [found.astimezone(UTC) for run in runs if (found := moment(run.info.started)) is not None]
    when = min(times) if times else datetime.fromtimestamp(0, UTC)
    return when.strftime("%Y-%m-%dT%H-%M-%S.%f")


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
