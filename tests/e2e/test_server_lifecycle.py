"""A real vLLM server with a real model: it answers, and a SIGKILL of the test run leaves nothing behind."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from dspysota import models
from dspysota.catalog import find
from dspysota.serving.processes import members
from tests.serving.servers import eventually

ROOT = Path(__file__).parents[2]
START_SECONDS = 600
"""Half a minute on an idle machine with two cores; far more when others use them."""

RUN = """
import json
import os
import time
from pathlib import Path

import urllib3

from dspysota.catalog import find
from dspysota.serving import Manager, ServerOptions


def test_ask_and_hang():
    root, weights, report = (Path(os.environ[name]) for name in ("ROOT", "WEIGHTS", "REPORT"))
    manager = Manager(root)
    options = ServerOptions(max_model_len=1024, kv_cache_gib=1)
    with manager.lease(find("smollm2-135m"), weights, None, options=options) as endpoint:
        body = {
            "model": endpoint.served_name,
            "messages": [{"role": "user", "content": "What is the capital of France?"}],
            "max_tokens": 16,
            "temperature": 0,
        }
        headers = {"Authorization": f"Bearer {endpoint.api_key}"}
        with urllib3.PoolManager() as pool:
            url = f"{endpoint.base_url}/chat/completions"
            reply = pool.request("POST", url, json=body, headers=headers, timeout=300)
            refused = pool.request("POST", url, json=body, timeout=60)
        state = manager.home(endpoint).state()
        found = {"reply": reply.json(), "refused": refused.status, "pid": state.pid, "key": endpoint.api_key}
        report.with_suffix(".draft").write_text(json.dumps(found))
        report.with_suffix(".draft").rename(report)
        while True:
            time.sleep(1)
"""


@pytest.fixture(scope="module")
def killed_run(tmp_path_factory):
    """Runs pytest on a test that leases a server, asks it, and hangs; kills it. What it saw, and the server's pids."""
    folder = tmp_path_factory.mktemp("e2e")
    (folder / "test_hang.py").write_text(RUN, encoding="utf-8")
    report = folder / "report.json"
    paths = {
        "ROOT": str(folder / "servers"),
        "WEIGHTS": str(models.ensure(find("smollm2-135m")).path),
        "REPORT": str(report),
        "PYTHONPATH": str(ROOT),
    }
    with (folder / "out.txt").open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "pytest", "-q", "-s", "-p", "no:cacheprovider", "test_hang.py"],
            cwd=folder,
            env={**os.environ, **paths},
            stdout=out,
            stderr=out,
        )
    try:
        eventually(lambda: report.exists() or process.poll() is not None, "the server answers", START_SECONDS)
        assert report.exists(), (folder / "out.txt").read_text(errors="replace")
        found = json.loads(report.read_text(encoding="utf-8"))
        found["processes"] = members(found["pid"])
        found["lines"] = [line for one in psutil.process_iter(["cmdline"]) for line in one.info["cmdline"] or []]
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    return found


def test_a_real_server_answers_with_usage_and_metrics(killed_run):
    """A chat completion comes back with token counts, cached tokens and the time to the first token."""
    reply = killed_run["reply"]
    assert "Paris" in reply["choices"][0]["message"]["content"]
    assert reply["usage"]["completion_tokens"] > 0
    assert reply["usage"]["prompt_tokens_details"]["cached_tokens"] is not None
    assert reply["metrics"]["time_to_first_token_ms"] > 0


def test_a_real_server_wants_its_key_which_no_command_line_shows(killed_run):
    """vLLM takes the key from its environment: without it a request is refused, and `ps` does not show it."""
    assert killed_run["refused"] == 401
    assert not any(killed_run["key"] in line for line in killed_run["lines"])


def test_a_killed_test_run_leaves_no_vllm_process(killed_run):
    """After SIGKILL of pytest the API server, its engine and its worker are all gone within seconds."""
    assert len(killed_run["processes"]) >= 3
    eventually(lambda: not members(killed_run["pid"]), "the server's session is empty", 60)
    eventually(lambda: not any(process.is_running() for process in killed_run["processes"]), "none of them runs", 60)
