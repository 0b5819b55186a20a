"""Score HotpotQA answers with the official hotpot_evaluate_v1.py, which is fetched and no part of this project.

It runs as it is, by its own `eval` on its own two files; of `ujson`, which it imports to read them, the standard
library's `json` does the work.
"""

from __future__ import annotations

import ast
import contextlib
import hashlib
import io
import json
import sys
import tempfile
import types
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

COMMIT = "4c0fa5ea6541391ab86170c2f9c57eb87776ad16"
URL = f"https://raw.githubusercontent.com/hotpotqa/hotpot/{COMMIT}/hotpot_evaluate_v1.py"
SHA256 = "d3cc7e393ec579caaf4982c92ed1867220cfc7ec134af670688b87cf66472ab7"
"""Of its text without white space at the ends of lines and of the file."""

METRICS = ("em", "f1", "prec", "recall")
COLUMNS = (*METRICS, *(f"sp_{name}" for name in METRICS), *(f"joint_{name}" for name in METRICS))


class Pair(NamedTuple):
    """A prediction and the gold it is compared with; None is what a predictions file lacks."""

    answer: str | None
    gold: str
    facts: Sequence[Any] | None
    gold_facts: Sequence[Any]


def source(path: Path | None) -> str:
    """Return the script's text, from `path` or from its home. Raises ValueError where that is another, or not there."""
    if path is None:
        try:
            with urllib.request.urlopen(URL, timeout=60) as response:
                text: str = response.read().decode()
        except OSError as error:
            raise ValueError(f"{URL} cannot be had ({error}); name a copy of it with --script.") from error
    else:
        text = path.read_text(encoding="utf-8")
    digest = hashlib.sha256("\n".join(line.rstrip() for line in text.strip().splitlines()).encode()).hexdigest()
    if digest != SHA256:
        raise ValueError(f"{path or URL} is not hotpot_evaluate_v1.py of commit {COMMIT}: its digest is {digest}.")
    return text


class Official:
    """The official script, ready to score."""

    def __init__(self, text: str) -> None:
        sys.modules.setdefault("ujson", json)
        module = types.ModuleType("hotpot_evaluate_v1")
        exec(compile(text, module.__name__, "exec"), module.__dict__)
        self._evaluate: Callable[[str, str], None] = module.__dict__["eval"]

    def __call__(self, pairs: Sequence[Pair]) -> list[float]:
        """Return the means over `pairs` as the script prints them, in the order of `COLUMNS`."""
        named = [(str(number), pair) for number, pair in enumerate(pairs)]
        predicted = {
            "answer": {name: pair.answer for name, pair in named if pair.answer is not None},
            "sp": {name: pair.facts for name, pair in named if pair.facts is not None},
        }
        gold = [{"_id": name, "answer": pair.gold, "supporting_facts": pair.gold_facts} for name, pair in named]
        said = io.StringIO()
        with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(said):
            files = [Path(folder, "predicted.json"), Path(folder, "gold.json")]
            for path, content in zip(files, (predicted, gold), strict=True):
                path.write_text(json.dumps(content), encoding="utf-8")
            self._evaluate(str(files[0]), str(files[1]))
        printed = ast.literal_eval(said.getvalue().splitlines()[-1])
        return [float(printed[name]) for name in COLUMNS]
