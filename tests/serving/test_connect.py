"""Servers reached by URL: found, named, or refused with a cure; keys stay out of sight."""

import json
import threading
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from dspysota.catalog import find
from dspysota.errors import ConfigError, NotServedError, ServerError
from dspysota.serving import connect
from dspysota.serving.remote import normal_url, served_names


@contextmanager
def running(handler):
    """A server of our own making on a thread; yields its URL."""
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def serving(*models, status=200, key=None, location=None, text=None):
    """An HTTP server that lists models; yields its URL and the paths asked for."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            refused = key is not None and self.headers["Authorization"] != f"Bearer {key}"
            body = json.dumps({"data": [{"id": name, "max_model_len": 777} for name in models]}).encode()
            body = body if text is None else text.encode()
            self.send_response(401 if refused else status)
            if location:
                self.send_header("Location", location)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    with running(Handler) as url:
        yield url, asked


@pytest.mark.parametrize(
    "given, normal",
    [
        ("http://localhost:8000", "http://localhost:8000/v1"),
        ("http://localhost:8000/", "http://localhost:8000/v1"),
        (" http://localhost:8000/v1/ ", "http://localhost:8000/v1"),
        ("https://api.example.com/openai/v1", "https://api.example.com/openai/v1"),
        ("https://api.example.com/api", "https://api.example.com/api/v1"),
        ("https://api.example.com/v1beta/openai", "https://api.example.com/v1beta/openai"),
        ("http://h/v1/chat/completions", "http://h/v1"),
        ("http://[::1]:8000", "http://[::1]:8000/v1"),
    ],
)
def test_a_url_is_completed(given, normal):
    """The version is added where it is missing; what belongs to one request is taken away."""
    assert normal_url(given) == normal


@pytest.mark.parametrize("url", ["", "localhost:8000", "ftp://h/v1", "http://", "http://h:port", "http://h/v1?key=1"])
def test_what_is_no_base_url_is_refused(url):
    """Anything but an http(s) address gives a ConfigError that shows the right form."""
    with pytest.raises(ConfigError, match="http://host:port/v1"):
        normal_url(url)


def test_credentials_in_a_url_are_refused_and_not_repeated():
    """A URL with a password in it is refused without showing the password."""
    with pytest.raises(ConfigError, match="environment variable") as caught:
        normal_url("http://me:hunter2@host/v1")
    assert "hunter2" not in str(caught.value)


def test_a_served_model_is_found_by_name_or_by_its_repository():
    """A catalog entry is found under its own name, its hub repository, or that without the owner, in any case."""
    spec = find("qwen2.5-coder-0.5b")
    for served in ("qwen2.5-coder-0.5b", "Qwen/Qwen2.5-Coder-0.5B-Instruct", "qwen2.5-coder-0.5b-instruct"):
        with serving("other", served) as (url, _):
            endpoint = connect(spec, url)
        assert (endpoint.served_name, endpoint.info.name) == (served, spec.name)
        assert endpoint.info.context_length == 777
        assert endpoint.base_url == f"{url}/v1"


def test_a_model_not_served_is_named_with_those_that_are():
    """The error lists what the server does serve."""
    with (
        serving("alpha", "beta") as (url, _),
        pytest.raises(ServerError, match="does not serve 'gamma'; it serves 'alpha', 'beta'"),
    ):
        connect("gamma", url)


def test_the_key_comes_from_the_environment_and_stays_out_of_sight(monkeypatch):
    """The named variable's value is sent, and never shown."""
    monkeypatch.setenv("MY_KEY", "sk-123")
    with serving("m", key="sk-123") as (url, _):
        endpoint = connect("m", url, "MY_KEY")
    assert endpoint.api_key == "sk-123"
    assert "sk-123" not in repr(endpoint)


def test_a_refused_key_is_named_by_its_variable(monkeypatch):
    """HTTP 401 names the variable, not the key; without a key it says that one is wanted."""
    monkeypatch.setenv("MY_KEY", "sk-wrong")
    with serving("m", key="sk-123") as (url, _):
        with pytest.raises(ServerError, match="check the key in 'MY_KEY'") as caught:
            connect("m", url, "MY_KEY")
        assert "sk-wrong" not in str(caught.value)
        with pytest.raises(ServerError, match="name the environment variable"):
            connect("m", url)


def test_a_variable_that_is_not_set_is_refused(monkeypatch):
    """An unset key variable is an error of configuration."""
    monkeypatch.delenv("MY_KEY", raising=False)
    with pytest.raises(ConfigError, match="'MY_KEY'"):
        connect("m", "http://127.0.0.1:9", "MY_KEY")


def test_a_redirect_does_not_take_the_key_elsewhere(monkeypatch):
    """A redirect is an error; the other host is never asked."""
    monkeypatch.setenv("MY_KEY", "sk-123")
    with (
        serving("m") as (elsewhere, asked),
        serving("m", status=302, location=f"{elsewhere}/v1/models") as (url, _),
        pytest.raises(ServerError, match="HTTP 302"),
    ):
        connect("m", url, "MY_KEY")
    assert asked == []


def test_a_server_that_is_not_there_is_one_sentence():
    """Connection refused names the URL and the cure."""
    with serving() as (url, _):
        pass
    with pytest.raises(ServerError, match=f"No server answers at {url}/v1 .*refused.*; start it"):
        connect("m", url)


@contextmanager
def pouring(pause=0.0):
    """A server whose list of models has no end; yields its URL and the number of bytes sent so far."""
    sent = [0]

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            chunk = b" " * (1 if pause else 1 << 16)
            with suppress(OSError):
                while sent[0] < 1 << 28 and not stopped.wait(pause):
                    sent[0] += self.wfile.write(chunk)

        def log_message(self, *args):
            pass

    stopped = threading.Event()
    with running(Handler) as url:
        try:
            yield url, sent
        finally:
            stopped.set()


def test_a_list_of_models_without_an_end_is_not_read_to_it():
    """A server that pours is refused in one sentence, after so many megabytes."""
    with pouring() as (url, sent), pytest.raises(ServerError, match=r"/v1/models does not end within 8,388,608 bytes"):
        connect("m", url)
    assert sent[0] < 1 << 26


def test_a_list_of_models_that_drips_is_not_waited_for():
    """Each byte comes in time, and the whole never does."""
    with pouring(pause=0.01) as (url, _), pytest.raises(ServerError, match=r"does not end within 0\.2 s"):
        served_names(url + "/v1", None, timeout=0.2)


def test_a_list_of_models_that_is_nested_without_end_is_refused():
    """What no reader of JSON can hold is no list of models."""
    with serving(text="[" * 100_000) as (url, _), pytest.raises(ServerError, match="does not answer as an OpenAI-like"):
        connect("m", url)


def test_a_server_of_another_kind_is_refused():
    """An answer that is not an OpenAI-like list of models names the path asked."""
    with serving("m", status=404) as (url, _), pytest.raises(ServerError, match="/v1/models answers with HTTP 404"):
        connect("m", url)


@pytest.mark.parametrize("key", [None, "sk-1"])
def test_a_server_that_may_want_no_key_is_told_apart_from_one_without_the_model(monkeypatch, key):
    """Another model is another failure than a missing key, and final, whether the key is set or not."""
    monkeypatch.delenv("MY_KEY", raising=False)
    if key:
        monkeypatch.setenv("MY_KEY", key)
    with serving("other", key=key) as (url, _), pytest.raises(NotServedError, match="does not serve 'm'") as caught:
        connect("m", url, "MY_KEY", key_required=False)

    assert "MY_KEY" not in str(caught.value)
