"""Weights from the hub: only safe files, whole, as declared, continued after an interruption; refusals explained."""

import hashlib
import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest

from dspysota import models
from dspysota.catalog import ModelSpec
from dspysota.errors import ModelError

COMMIT = "c0ffee" + "0" * 34
FILES = {
    "config.json": b"{}",
    "model.safetensors": b"bf16 weights",
    "tokenizer.json": b"{}",
    "README.md": b"# not needed",
    "pytorch_model.bin": b"a pickle",
    "consolidated.safetensors": b"the same once more",
    "original/params.json": b"{}",
}


@dataclass
class Hub:
    """Speaks as much of the hub's protocol as a download needs."""

    url: str = ""
    files: dict[str, bytes] = field(default_factory=lambda: dict(FILES))
    declared: dict[str, str] = field(default_factory=dict)
    """sha256 of a file where it is not that of its content."""
    error: tuple[int, str] | None = None
    """Status and error code of every answer about the repository."""
    broken: set[str] = field(default_factory=set)
    """Files that are refused."""
    fetched: list[str] = field(default_factory=list)
    tokens: set[str | None] = field(default_factory=set)

    def lfs(self, name: str) -> dict[str, object]:
        content = self.files[name]
        sha256 = self.declared.get(name) or hashlib.sha256(content).hexdigest()
        return {"sha256": sha256, "oid": sha256, "size": len(content), "pointerSize": 130}

    def listing(self, name: str) -> dict[str, object]:
        about = {"rfilename": name, "path": name, "type": "file", "size": len(self.files[name]), "oid": "0" * 40}
        return {**about, "lfs": self.lfs(name)} if name.endswith(".safetensors") else about

    def answer(self, request: BaseHTTPRequestHandler) -> tuple[int, dict[str, str], bytes]:
        path = urlsplit(request.path).path
        self.tokens.add(request.headers.get("authorization"))
        if self.error and path != "/":
            return self.error[0], {"X-Error-Code": self.error[1]}, b"{}"
        if path.startswith("/api/models/me/tiny/revision/"):
            info = {"id": "me/tiny", "sha": COMMIT, "siblings": [self.listing(name) for name in self.files]}
            return 200, {}, json.dumps(info).encode()
        if path == f"/api/models/me/tiny/tree/{COMMIT}":
            return 200, {}, json.dumps([self.listing(name) for name in self.files]).encode()
        found = re.fullmatch(rf"/me/tiny/resolve/{COMMIT}/(.+)", path)
        if found is None or found[1] in self.broken:
            return 403 if found else 404, {}, b""
        content = self.files[found[1]]
        if request.command == "GET":
            self.fetched.append(found[1])
        return 200, {"ETag": f'"{hashlib.sha256(content).hexdigest()}"', "X-Repo-Commit": COMMIT}, content


@pytest.fixture
def hub(monkeypatch, home) -> Iterator[Hub]:
    """A hub on loopback, reachable, with one repository and no token set."""
    hub = Hub()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, body = hub.answer(self)
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        do_HEAD = do_GET

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    hub.url = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setenv("HF_ENDPOINT", hub.url)
    monkeypatch.delenv("HF_HUB_OFFLINE")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.setattr("huggingface_hub.get_token", lambda: None)
    yield hub
    server.shutdown()
    server.server_close()
    thread.join()


def spec(**changes) -> ModelSpec:
    fields = {"title": "T", "family": "t", "parameters": 1000, "context_length": 64, "license": "MIT"}
    source = {"kind": "hub", "repo": "me/tiny", "revision": changes.pop("revision", "main")}
    return ModelSpec.model_validate({"name": "tiny", **fields, "sources": [source], **changes})


def refusal(spec: ModelSpec) -> str:
    with pytest.raises(ModelError) as caught:
        models.ensure(spec, progress=False)
    return str(caught.value)


def test_only_safetensors_config_and_tokenizer_are_fetched(hub):
    """No pickle, no second copy, no other format ever reaches the disk."""
    weights = models.ensure(spec(), progress=False)
    names = {path.name for path in weights.path.iterdir()}
    assert names == {"config.json", "model.safetensors", "tokenizer.json", "weights.json"}
    assert set(hub.fetched) == {"config.json", "model.safetensors", "tokenizer.json"}


def test_source_names_repository_and_commit(hub):
    """A branch moves; what was measured is the commit it pointed to."""
    weights = models.ensure(spec(), progress=False)
    assert weights.source == f"hub: me/tiny@{COMMIT}, as published"
    assert weights.kind == "hub"


def test_digest_is_that_of_the_weights(hub):
    """Other weights have another digest, another readme has not; a digest that the catalog gives is insisted on."""
    digest = models.ensure(spec(), progress=False).digest
    models.remove(spec())
    hub.files["README.md"] = b"# changed"
    assert models.ensure(spec(), progress=False).digest == digest
    models.remove(spec())
    hub.files["model.safetensors"] = b"other weights"
    source = {"kind": "hub", "repo": "me/tiny", "digest": digest}
    assert f"the catalog says {digest!r}" in refusal(spec(sources=[source]))


def test_interrupted_download_goes_on_where_it_stopped(hub):
    """A file that came before the interruption is not asked for again."""
    hub.broken = {"tokenizer.json"}
    assert "pull again to continue" in refusal(spec())
    assert models.find_weights(spec()) is None
    hub.broken = set()
    before = hub.fetched.count("model.safetensors")
    models.ensure(spec(), progress=False)
    assert hub.fetched.count("model.safetensors") == before == 1


def test_file_that_is_not_what_the_hub_declares_is_refused(hub, home):
    """A damaged download is deleted and named."""
    hub.declared["model.safetensors"] = "0" * 64
    assert "'model.safetensors' of me/tiny@main is not what the hub declares" in refusal(spec())
    assert not list(home.rglob("model.safetensors"))


def test_repository_with_pickles_only_is_refused(hub):
    """Weights in a format that can run code are not loaded, whatever else is missing."""
    hub.files = {"config.json": b"{}", "pytorch_model.bin": b"a pickle"}
    assert "no safetensors; weights in pickled form are never loaded" in refusal(spec())
    assert hub.fetched == []


def test_disk_is_checked_before_anything_is_downloaded(hub, monkeypatch):
    """The hub says how large the files are; what does not fit is not begun."""
    monkeypatch.setattr(hub, "listing", lambda name: {"rfilename": name, "size": 10**16})
    assert "needs 30000.0 TB of disk" in refusal(spec())
    assert hub.fetched == []


def test_gated_model_without_token_is_explained_in_one_sentence(hub):
    """Nothing is asked of the hub: it would refuse."""
    message = refusal(spec(gated=True))
    assert "me/tiny is gated" in message
    assert "accept it at https://huggingface.co/me/tiny, then set HF_TOKEN" in message
    assert hub.tokens == set()


def test_gate_that_the_catalog_does_not_know_of_is_explained_as_well(hub):
    """The hub's own refusal says the same."""
    hub.error = (401, "GatedRepo")
    assert "me/tiny is gated and HF_TOKEN is not set" in refusal(spec())


def test_token_goes_to_the_hub_and_into_no_message(hub, monkeypatch):
    """A key is never shown, not even when it is refused."""
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    hub.error = (403, "GatedRepo")
    message = refusal(spec(gated=True))
    assert "the account of HF_TOKEN has no access yet" in message
    assert "hf_secret" not in message
    assert "Bearer hf_secret" in hub.tokens


@pytest.mark.parametrize(
    "code, said", [("RepoNotFound", "no repository 'me/tiny'"), ("RevisionNotFound", "no revision 'v9'")]
)
def test_what_the_hub_does_not_have_is_named(hub, code, said):
    """A misspelt repository or revision is told from a network that is down."""
    hub.error = (404, code)
    assert said in refusal(spec(revision="v9"))


def test_offline_is_respected(hub, monkeypatch):
    """HF_HUB_OFFLINE is a wish, and named as the reason."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "true")
    assert "HF_HUB_OFFLINE is set" in refusal(spec())
    assert hub.tokens == set()


def test_reachable_hub_has_no_reason_and_an_unreachable_one_has(hub, monkeypatch):
    """The probe tells a hub from a closed port, whatever the hub answers to it."""
    assert models.unreachable() is None
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    assert "http://127.0.0.1:9: " in str(models.unreachable())
