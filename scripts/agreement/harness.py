"""Score model outputs with lm-evaluation-harness: python -m scripts.agreement.harness ROWS.jsonl SCORES.jsonl

Needs `lm_eval` and nothing of ours. The whole harness runs, evaluator, filters and metric, on its own task files; only
the model is replaced, by one that says what each row holds, and the data set, by the rows. A row has `question`,
`answer` (a worked solution with a last line "#### 18") and `output`; its scores are
[strict and flexible of the task gsm8k, strict and flexible of gsm8k_cot].
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

TASKS = {"gsm8k": "gsm8k.yaml", "gsm8k_cot": "gsm8k-cot.yaml"}
FILTERS = ("strict-match", "flexible-extract")


def configuration(name: str, rows: Path) -> dict[str, Any]:
    """Return the harness's own configuration of a task, on `rows` and without worked examples before the question."""
    import lm_eval
    import yaml

    path = Path(lm_eval.__file__).parent / "tasks" / "gsm8k" / TASKS[name]
    config: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    files = {split: str(rows) for split in ("train", "test")}
    return config | {
        "dataset_path": "json",
        "dataset_name": None,
        "dataset_kwargs": {"data_files": files},
        "num_fewshot": 0,
    }


def scores(rows: Path) -> list[list[float]]:
    """Return the scores of every row, in order."""
    from lm_eval.api.model import LM
    from lm_eval.evaluator import simple_evaluate

    # lm_eval is not installed where types are checked, so its class is of type Any there.
    class Replay(LM):  # type: ignore[misc]
        def generate_until(self, requests: Any, disable_tqdm: bool = False) -> list[str]:
            return [request.doc["output"] for request in requests]

        def loglikelihood(self, requests: Any) -> Any:
            # The base class demands the method, and neither task asks for likelihoods: one that did must not get any.
            raise NotImplementedError

        loglikelihood_rolling = loglikelihood

    columns: dict[tuple[str, str], dict[int, float]] = {}
    for task in TASKS:
        result = simple_evaluate(Replay(), tasks=[configuration(task, rows)], bootstrap_iters=0, log_samples=True)
        for sample in result["samples"][task]:
            column = columns.setdefault((task, sample["filter"]), {})
            column[sample["doc_id"]] = float(sample["exact_match"])
    order = [columns[task, kind] for task in TASKS for kind in FILTERS]
    return [[column[number] for column in order] for number in range(len(order[0]))]


def main(arguments: list[str]) -> int:
    """Read rows, write their scores, one a line; return the exit status."""
    if len(arguments) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as cache:
        os.environ.update(HF_HOME=cache, HF_HUB_OFFLINE="1", HF_DATASETS_OFFLINE="1", TQDM_DISABLE="1")
        lines = [json.dumps(row) + "\n" for row in scores(Path(arguments[0]))]
    Path(arguments[1]).write_text("".join(lines), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
