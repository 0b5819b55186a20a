"""The files of `lm_eval --log_samples`, so that what reads those reads ours.

The expected names are those of lm_eval 0.4.13: `SampleResult` and `EvalResults` in `lm_eval/result_schema.py`, the
patterns of its `get_file_task_name` and `get_sample_results_filenames`, and what `simple_evaluate` adds.
`scripts/agreement/lm_eval_logs.py` lets the harness's own functions read an export.
"""

import hashlib
import json
import statistics

import pytest

from dspysota.exports import export
from dspysota.records import Failure, Message
from tests.factories import make_call, make_case, make_grid, make_run

NAME = "20261101T120000Z-0001"
SAMPLE = {
    "doc_id", "doc", "target", "arguments", "resps", "filtered_resps", "filter", "metrics",
    "doc_hash", "prompt_hash", "target_hash",
}  # fmt: skip
RESULTS = {
    "results", "group_subtasks", "configs", "versions", "n-shot", "higher_is_better", "n-samples", "config", "git_hash",
    "date", "pretty_env_info", "transformers_version", "lm_eval_version", "upper_git_hash", "task_hashes",
    "model_source", "model_name", "model_name_sanitized", "system_instruction", "system_instruction_sha",
    "fewshot_as_multiturn", "chat_template", "chat_template_sha", "start_time", "end_time",
    "total_evaluation_time_seconds",
}  # fmt: skip


def exported(runs, tmp_path):
    """What was written: results by folder, and samples by folder and task, found as the harness finds them."""
    export(runs, "lm-eval", tmp_path, source=NAME)
    results = {path.parent.name: json.loads(path.read_text()) for path in tmp_path.glob("*/results_*.json")}
    samples = {}
    for path in tmp_path.glob("*/samples_*.jsonl"):
        task = path.name[path.name.find("_") + 1 : path.name.rfind("_")]
        samples[path.parent.name, task] = [json.loads(line) for line in path.read_text().splitlines()]
    return results, samples


def sha(text):
    return hashlib.sha256(text.encode()).hexdigest()


def test_a_sample_has_every_field_of_the_harness(tmp_path):
    """With the score of each metric under its own name, as a number."""
    run = make_run([1.0, 0.0])
    _, samples = exported([run], tmp_path)

    ((key, (first, second)),) = samples.items()

    assert key == ("qwen2.5-coder-0.5b__cot__zero_shot", "gsm8k")
    assert set(first) >= SAMPLE | set(run.info.metrics)
    assert (first["doc_id"], second["doc_id"]) == (0, 1)
    assert first["doc"] == {"id": "q0", "question": "What is 6 times 7?", "answer": "42"}
    assert (first["target"], first["filter"], first["filtered_resps"]) == ("42", "none", ["42"])
    assert first["resps"] == [["6 * 7 = 42\n#### 42"]]
    sent = first["arguments"]["gen_args_0"]
    assert json.loads(sent["arg_0"]) == [{"role": "user", "content": "What is 6 times 7?"}]
    assert sent["arg_1"]["max_gen_toks"] == 320
    assert (first["exact_match"], second["exact_match"]) == (1.0, 0.0)
    assert first["metrics"] == list(run.info.metrics)
    hashes = [sha(json.dumps(first["doc"], indent=2, ensure_ascii=False)), sha(sent["arg_0"]), sha("42")]
    assert [first[name] for name in ("doc_hash", "prompt_hash", "target_hash")] == hashes


def test_results_have_every_field_of_the_harness(tmp_path):
    """Means and standard errors by its formula, over its name of metric and filter."""
    scores = [1.0, 0.0, 1.0, 1.0]
    run = make_run(scores)
    results, samples = exported([run], tmp_path)

    ((system, found),) = results.items()

    assert set(found) == RESULTS
    task = found["results"]["gsm8k"]
    assert task["exact_match,none"] == 0.75
    assert task["exact_match_stderr,none"] == pytest.approx(statistics.stdev(scores) / 2)
    assert (task["alias"], task["sample_len"]) == ("gsm8k", 4)
    assert found["n-samples"]["gsm8k"] == {"original": 4, "effective": 4}
    assert found["config"]["model_args"] == "model=qwen2.5-coder-0.5b"
    assert found["configs"]["gsm8k"]["metric_list"][0] == {
        "metric": "exact_match",
        "aggregation": "mean",
        "higher_is_better": True,
    }
    parts = [one["doc_hash"] + one["prompt_hash"] + one["target_hash"] for one in samples[system, "gsm8k"]]
    assert found["task_hashes"] == {"gsm8k": sha("".join(parts))}
    assert found["lm_eval_version"].startswith("N/A (written by dspysota ")


def test_a_folder_is_a_system_and_tasks_are_named_alike(tmp_path):
    """So two systems are compared by the name of their task; results and samples of one have one date."""
    results, samples = exported(make_grid(cases=3), tmp_path)

    assert {task for _, task in samples} == {"gsm8k", "closed_world_hops"}
    assert "qwen2.5-coder-0.5b__cot__zero_shot__chat" in results
    assert set(results) == {system for system, _ in samples}
    dates = {path.stem.rpartition("_")[2] for path in tmp_path.glob("*/*")}
    assert dates == {"2026-11-22T18-04-11.000000"}


def test_runs_of_one_name_on_other_rows_have_files_of_their_own(tmp_path):
    """None is lost because another one was first."""
    one, other = make_run([1.0]), make_run([0.0, 0.0])
    data = other.info.data.model_copy(update={"digest": "ab" * 32})
    other = other.model_copy(update={"info": other.info.model_copy(update={"data": data})})
    _, samples = exported([one, other, other], tmp_path)

    assert {task: len(lines) for (_, task), lines in samples.items()} == {
        "gsm8k": 1,
        "gsm8k_abababab": 2,
        "gsm8k_abababab_again": 2,
    }


def test_every_request_of_a_case_is_there(tmp_path):
    """A program of several calls has as many arguments and responses; a text to be continued is no chat."""
    first = make_call("a search", [Message(role="prompt", content="Q: who?\nA:")])
    run = make_run([1.0])
    run = run.model_copy(update={"cases": (make_case("q0", calls=(first, make_call("the answer"))),)})
    _, samples = exported([run], tmp_path)

    ((sample,),) = samples.values()

    assert list(sample["arguments"]) == ["gen_args_0", "gen_args_1"]
    assert sample["arguments"]["gen_args_0"]["arg_0"] == "Q: who?\nA:"
    assert sample["resps"] == [["a search"], ["the answer"]]


def test_a_case_without_an_answer_is_a_sample_all_the_same(tmp_path):
    """It scores zero, as everywhere, and says why beside the harness's fields."""
    run = make_run([1.0])
    lost = make_case("q0", 0.0, failure=Failure.TIMEOUT, prediction=None, calls=())
    _, samples = exported([run.model_copy(update={"cases": (lost,)})], tmp_path)

    ((sample,),) = samples.values()

    assert (sample["filtered_resps"], sample["resps"], sample["exact_match"]) == (["[invalid]"], [[""]], 0.0)
    assert (sample["failure"], sample["arguments"]["gen_args_0"]["arg_0"]) == ("timeout", "What is 6 times 7?")


def test_names_of_models_cannot_leave_the_folder(tmp_path):
    """A slash in a name is no folder."""
    runs = [make_run([1.0], model_name=name) for name in ("../../etc", "org/model", "...")]
    results, _ = exported(runs, tmp_path / "out")

    assert set(results) == {"etc__cot__zero_shot", "org-model__cot__zero_shot", "unnamed__cot__zero_shot"}
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
