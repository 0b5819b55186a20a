"""The server's own counters beside what its answers told, on a real server."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.test_smoke import SECONDS, plugin

ROOT = Path(__file__).parents[2]

PROFILE = """
name: counters
description: two programs on the smallest model, one that samples
rows: {gsm8k: 8}
seed: 0
concurrency: 8
models:
  smollm2-135m: {max_model_len: 4096, kv_cache_gib: 1}
thresholds:
  any: {errors: 0}
cells:
  - {task: gsm8k, model: smollm2-135m, approach: few_shot}
  - {task: gsm8k, model: smollm2-135m, approach: zero_shot, program: cot+vote3}
"""


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Two runs on a server of our own: their infos, and the calls of each by its key."""
    folder = tmp_path_factory.mktemp("counters")
    (folder / "counters.yaml").write_text(PROFILE)
    command = [sys.executable, "-m", "pytest", *plugin(), "evals/test_gsm8k.py", "-p", "no:cacheprovider"]
    command += ["--sota-profile", str(folder / "counters.yaml"), "--sota-out", str(folder), "--sota-no-cache"]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert 0 == done.returncode, done.stdout + done.stderr
    calls: dict[str, list[dict[str, Any]]] = {}
    for line in (folder / "latest" / "cases.jsonl").read_text().splitlines():
        entry = json.loads(line)
        calls.setdefault(entry["run"], []).extend(entry["case"]["calls"])
    manifest = json.loads((folder / "latest" / "run.json").read_text())
    return [(info, calls[info["key"]]) for info in manifest["runs"]]


def test_tokens_are_those_that_the_server_counted(runs):
    """Prompt and generation tokens of each run equal `vllm:prompt_tokens_total` and its sister to the last token."""
    assert 2 == len(runs)
    for info, calls in runs:
        told = [sum(call["usage"][kind] for call in calls) for kind in ("prompt_tokens", "completion_tokens")]
        assert told == [info["server"]["prompt_tokens"], info["server"]["generation_tokens"]]
        assert all(tokens > 0 for tokens in told)


def test_the_server_ended_as_many_requests_as_were_answered(runs):
    """None was tried again, and none was somebody else's: every request stopped or ran into its limit."""
    for info, calls in runs:
        finished = info["server"]["finished"]
        assert {"stop", "length"} >= set(finished)
        assert len(calls) == sum(finished.values()) == info["server"]["queue"]["count"]


def test_cached_tokens_are_those_that_the_server_found(runs):
    """What the answers call cached is what the prefix cache counts as hits; prompts share their demonstrations."""
    for info, calls in runs:
        assert sum(call["usage"]["cached_tokens"] for call in calls) == info["server"]["cache_hits"]
        assert sum(call["usage"]["prompt_tokens"] for call in calls) == info["server"]["cache_queries"]
    assert any(info["server"]["cache_hits"] for info, _ in runs)
