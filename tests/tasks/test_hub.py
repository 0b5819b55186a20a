"""Rows by way of a hub, in a process of their own: the hub's client reads its settings when it is imported."""

import hashlib
import io
import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from dspysota import tasks
from tests.tasks.rows import gsm8k_row, hotpotqa_row

LOAD = """
import json, sys
from dspysota import tasks
from dspysota.tasks import DataSource
for name in sys.argv[1:]:
    data = tasks.get(name).load(DataSource(), seed=0)
    print(json.dumps([data.name, data.source, data.origin, data.info(data.take(None)).digest]))
"""


def column_row(n):
    """A HotpotQA row as the hub's files have it."""
    row = hotpotqa_row(n)
    return {key: row[key] for key in ("question", "answer", "type", "level")} | {
        "id": row["_id"],
        "context": {"title": [t for t, _ in row["context"]], "sentences": [s for _, s in row["context"]]},
        "supporting_facts": {
            "title": [t for t, _ in row["supporting_facts"]],
            "sent_id": [i for _, i in row["supporting_facts"]],
        },
    }


def parquet(rows):
    import datasets

    sink = io.BytesIO()
    datasets.Dataset.from_list(rows).to_parquet(sink)
    return sink.getvalue()


def hub_files():
    files = {}
    for name, make in (("gsm8k", gsm8k_row), ("hotpotqa", column_row)):
        hub = tasks.get(name).layout.hub
        for path, first in ((hub.train, 1), (hub.test, 101)):
            url = f"/datasets/{hub.repository}/resolve/{hub.revision}/{path}"
            files[url] = (hub.revision, parquet([make(n) for n in range(first, first + 20)]))
    return files


@pytest.fixture
def hub():
    """A hub on the loopback that has both data sets at their pinned revisions; yields URL and requests seen."""
    files, seen = hub_files(), []

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self):
            seen.append(self.path)
            revision, body = files.get(self.path, ("", b""))
            self.send_response(200 if body or self.path.startswith("/api/") else 404)
            self.send_header("Content-Length", str(len(body)))
            if body:
                self.send_header("ETag", f'"{hashlib.sha256(body).hexdigest()}"')
                self.send_header("X-Repo-Commit", revision)
            self.end_headers()
            return body

        def do_GET(self):
            self.wfile.write(self.do_HEAD())

        def log_message(self, *arguments):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", seen
        server.shutdown()
        thread.join()


def load(folder, endpoint, *names, **env):
    keep = {key: value for key, value in os.environ.items() if key not in ("DSPYSOTA_DATA", "HF_HUB_OFFLINE")}
    env = keep | {"HF_ENDPOINT": endpoint, "HF_HOME": str(folder), "HF_HUB_DISABLE_XET": "1", "NO_PROXY": "*"} | env
    done = subprocess.run([sys.executable, "-c", LOAD, *names], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()], done.stderr


def test_the_hub_gives_pinned_rows_and_then_its_cache_does(hub, tmp_path, write):
    """Both tasks come from their pinned revision; once cached, they load without the hub, and are the same rows."""
    url, seen = hub
    revisions = [tasks.get(name).layout.hub.revision for name in ("gsm8k", "hotpotqa")]

    first, said = load(tmp_path / "hf", url, "gsm8k", "hotpotqa")

    assert [row[:3] for row in first] == [
        ["gsm8k", "hub", f"openai/gsm8k@{revisions[0]}"],
        ["hotpotqa", "hub", f"hotpotqa/hotpot_qa@{revisions[1]}"],
    ]
    assert "20 training and 20 test rows" in said
    assert all(any(f"/resolve/{revision}/" in path for revision in revisions) for path in seen if "/resolve/" in path)

    seen.clear()
    again, _ = load(tmp_path / "hf", url, "gsm8k", "hotpotqa", HF_HUB_OFFLINE="1")

    assert again == first
    assert seen == []
    directory = tasks.get("hotpotqa").load(tasks.DataSource(directory=write(), announce=lambda line: None), seed=0)
    assert directory.info(directory.take(None)).digest == first[1][3]


def test_a_hub_that_refuses_leads_to_the_twin(tmp_path):
    """Nobody listens: the twin is taken at once, and the line says why."""
    ((name, source, _, _),), said = load(tmp_path / "hf", "http://127.0.0.1:9", "hotpotqa")

    assert (name, source) == ("closed_world", "twin")
    assert "because the hub at http://127.0.0.1:9 did not answer" in said


def test_a_hub_without_the_rows_leads_to_the_twin(hub, tmp_path):
    """An endpoint that answers but has not got the files (a mirror, a portal) is no hub to us."""
    ((name, source, _, _),), said = load(tmp_path / "hf", f"{hub[0]}/elsewhere", "hotpotqa")

    assert (name, source) == ("closed_world", "twin")
    assert "because the hub did not deliver hotpotqa/hotpot_qa" in said
