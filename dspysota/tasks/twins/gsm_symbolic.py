"""The offline twin of GSM8K: problems from the `gsm_symbolic` generator of the reasoning-gym package.

The generator (Apache-2.0) follows GSM-Symbolic (arXiv 2410.05229): templates of GSM8K problems with new names and
numbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dspysota.errors import DataError
from dspysota.metrics.gsm8k import extract
from dspysota.tasks.splits import normalized_question

NAME = "gsm_symbolic"
SEED = 20_240_814
TRAIN, TEST = 600, 400
ORIGIN = f"reasoning-gym gsm_symbolic seed {SEED}"


def rows() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return training and test rows, all with different questions. Raises DataError without reasoning-gym."""
    made = _distinct()
    return [next(made) for _ in range(TRAIN)], [next(made) for _ in range(TEST)]


def _distinct() -> Iterator[dict[str, Any]]:
    seen: set[str] = set()
    for item in _generate():
        solution = item["metadata"]["answer_cot"].rpartition("####")
        # The generator writes "96.0" in some solutions and "96" as the answer; where the two differ in value
        # rather than in writing, its problem is not to be trusted.
        sound = extract(solution[2]) is not None and extract(solution[2]) == extract(item["answer"])
        question = normalized_question(item["question"])
        if sound and question not in seen:
            seen.add(question)
            yield {"question": item["question"], "answer": f"{solution[0].strip()}\n#### {item['answer']}"}


def _generate() -> Any:
    try:
        import reasoning_gym
    except ImportError as error:
        raise DataError(
            "The offline twin of gsm8k needs the package 'reasoning-gym': install it, or give real rows by "
            "--sota-data=FOLDER."
        ) from error
    return reasoning_gym.create_dataset(NAME, size=2 * (TRAIN + TEST), seed=SEED)
