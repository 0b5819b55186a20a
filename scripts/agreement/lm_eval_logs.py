"""Let lm-evaluation-harness's own functions read what `dspysota export --format lm-eval` has written.

Usage: PYTHON -m scripts.agreement.lm_eval_logs FOLDER, by a PYTHON that has `lm_eval`; nothing of ours is needed.

Files are found and named by its own rules, every key is looked up in its own schema, its table is printed, means are
computed again from the samples, and its way of loading samples (the `datasets` library) is taken.
"""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ADDED_LATER = {"groups", "samples"}
"""Keys of the schema that the harness does not write into a results file of single tasks."""
TOKENIZER = {"tokenizer_pad_token", "tokenizer_eos_token", "tokenizer_bos_token", "eot_token_id", "max_length"}
"""Keys that it leaves out where a model has no tokenizer of its own, as for any server."""


def read(folder: Path) -> Iterator[str]:
    """Read every file of an export; yield what to say. Raises AssertionError where the harness would stumble."""
    from lm_eval import result_schema, utils

    names = [path.as_posix() for path in folder.rglob("*") if path.is_file()]
    results, samples = utils.get_results_filenames(names), utils.get_sample_results_filenames(names)
    assert results, f"no results file in {folder}"
    assert len(results) + len(samples) == len(names), "a file that the harness does not know"
    for name in results:
        whole = json.loads(Path(name).read_text(encoding="utf-8"))
        wanted = set(result_schema.EvalResults.__annotations__) - ADDED_LATER - TOKENIZER
        assert wanted <= set(whole), f"{name} lacks {wanted - set(whole)}"
        yield utils.make_table(whole)
        for path in (Path(one) for one in samples if Path(one).parent == Path(name).parent):
            yield _samples(path, whole, set(result_schema.SampleResult.__annotations__))


def _samples(path: Path, whole: dict[str, Any], wanted: set[str]) -> str:
    from datasets import load_dataset
    from lm_eval import utils

    task = utils.get_file_task_name(path.name)
    assert task in whole["results"], f"{path.name} is of a task that the results do not have"
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    for row in rows:
        assert wanted <= set(row), f"{path.name} lacks {wanted - set(row)}"
        assert row["target_hash"] == utils.hash_string(str(row["target"]))
    for metric in rows[0]["metrics"]:
        mean = statistics.fmean(row[metric] for row in rows)
        assert abs(mean - whole["results"][task][f"{metric},none"]) < 1e-12, metric
    loaded = load_dataset("json", data_files=str(path), split="train")
    assert loaded.num_rows == len(rows) == whole["n-samples"][task]["effective"]
    return f"{path.parent.name}/{path.name}: {len(rows)} samples"


def main() -> int:
    """Read the folder named on the command line; return the exit status."""
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    for line in read(Path(sys.argv[1])):
        print(line)
    return 0


if __name__ == "__main__":
    sys.exit(main())
