"""The wire: what is sent, what is recorded, and what each kind of trouble becomes."""

import json
import socket
import threading

import pytest

from dspysota.errors import ConfigError
from dspysota.programs.calls import recording
from dspysota.programs.reply import WireError, read_reply
from dspysota.programs.wire import MAX_PAUSE, Wire
from dspysota.records import Failure, Usage
from dspysota.testing import FakeServer, Fault

CHAT = [{"role": "user", "content": "What is 2 + 2?"}]


class Pauses(list[float]):
    """A sleep that takes no time and remembers how long it should have taken."""

    def __call__(self, seconds):
        self.append(seconds)


def ask(server, *, settings=None, **options):
    """Return the calls, the pauses and the error (or None) of one question."""
    pauses = Pauses()
    wire = Wire(server.base_url, options.pop("api_key", None), sleep=pauses, **options)
    error = None
    with recording() as calls:
        try:
            wire.ask(CHAT, {"model": server.name, **(settings or {})})
        except WireError as raised:
            error = raised
    return calls, pauses, error


def test_a_call_records_what_was_sent_and_what_came_back():
    """A call holds the messages as sent, the output, the server's token counts, the times and the finish reason."""
    with FakeServer("#### 4") as server:
        calls, pauses, error = ask(server)

    (call,) = calls
    assert error is None
    assert pauses == []
    assert [(m.role, m.content) for m in call.messages] == [("user", "What is 2 + 2?")]
    assert call.output == "#### 4"
    assert call.usage.completion_tokens == 2
    assert call.usage.cached_tokens is not None
    assert call.finish_reason == "stop"
    assert call.attempts == 1
    assert call.retry_seconds == 0.0
    assert 0.0 <= call.first_token_seconds <= call.seconds


@pytest.mark.parametrize("fault", [Fault("error", 500), Fault("error", 503), Fault("close"), Fault("busy")])
def test_passing_trouble_is_tried_again_and_shows(fault):
    """Connection errors, 429 and 5xx are retried, and the retry is part of the call: attempts, and seconds spent."""
    with FakeServer("4", faults={0: fault}) as server:
        calls, pauses, error = ask(server)

    (call,) = calls
    assert error is None
    assert call.output == "4"
    assert call.attempts == 2
    assert len(pauses) == 1
    assert 0.0 < call.retry_seconds <= call.seconds


def test_the_servers_own_pause_is_honoured_within_bounds():
    """Retry-After decides how long to wait, but no server can make us wait for an hour."""
    with FakeServer("4", faults={0: Fault("busy", retry_after=3), 1: Fault("busy", retry_after=3600)}) as server:
        _, pauses, _ = ask(server)

    assert pauses == [3.0, MAX_PAUSE]


def test_lasting_trouble_ends_after_the_retries():
    """After the retries it is a server error: one recorded call, with its attempts and the server's words."""
    with FakeServer("4", faults={"": Fault("error", 500)}) as server:
        calls, pauses, error = ask(server, retries=2)

    (call,) = calls
    assert error.failure is Failure.SERVER_ERROR
    assert "scripted failure" in str(error)
    assert call.error == str(error)
    assert call.attempts == 3
    assert pauses == [0.5, 1.0]


@pytest.mark.parametrize(
    "fault, failure",
    [
        (Fault("overflow"), Failure.CONTEXT_OVERFLOW),
        (Fault("garbage"), Failure.SERVER_ERROR),
        (Fault("error", 400), Failure.SERVER_ERROR),
        (Fault("error", 404), Failure.SERVER_ERROR),
        (Fault("error", 504), Failure.TIMEOUT),
    ],
)
def test_final_trouble_is_not_tried_again(fault, failure):
    """What would fail again is asked once, and has its own class."""
    with FakeServer("4", faults={0: fault}) as server:
        calls, pauses, error = ask(server)

    assert error.failure is failure
    assert calls[0].attempts == 1
    assert pauses == []


def test_no_answer_in_time_is_a_timeout():
    """An attempt that runs into the timeout is not sent again: the server may still be at work on it."""
    with FakeServer("4", faults={0: Fault("hang")}) as server:
        calls, _, error = ask(server, timeout=0.2)

    assert error.failure is Failure.TIMEOUT
    assert calls[0].attempts == 1
    assert "0.2 s" in calls[0].error


def test_an_answer_that_drips_is_a_timeout():
    """The time limit holds for the whole answer, not for the gap between two bytes."""

    def drip(listener):
        connection, _ = listener.accept()
        with connection:
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
            try:
                while True:
                    connection.sendall(b" ")
                    threading.Event().wait(0.02)
            except OSError:
                return

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=drip, args=(listener,), daemon=True)
        thread.start()
        wire = Wire(f"http://127.0.0.1:{listener.getsockname()[1]}/v1", timeout=0.3, retries=0)
        with pytest.raises(WireError) as raised:
            wire.ask(CHAT, {"model": "m"})
        thread.join(10)

    assert raised.value.failure is Failure.TIMEOUT


def test_an_answer_that_is_cut_off_is_no_lost_connection():
    """A server that began to answer is there; the loop must not take it for gone. It is asked again all the same."""

    def cut(listener):
        for _ in range(2):
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=cut, args=(listener,), daemon=True)
        thread.start()
        wire = Wire(f"http://127.0.0.1:{listener.getsockname()[1]}/v1", retries=1, sleep=Pauses())
        with recording() as calls, pytest.raises(WireError, match=r"^The answer was cut off: ") as raised:
            wire.ask(CHAT, {"model": "m"})
        thread.join(10)

    assert raised.value.failure is Failure.SERVER_ERROR
    assert calls[0].attempts == 2


def test_nobody_listening_is_a_server_error():
    """A refused connection is retried, then a server error that says so in its first words."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    wire = Wire(f"http://127.0.0.1:{port}/v1", sleep=Pauses())

    with recording() as calls, pytest.raises(WireError, match="No connection") as raised:
        wire.ask(CHAT, {"model": "m"})

    assert raised.value.failure is Failure.SERVER_ERROR
    assert calls[0].attempts == 3


def test_the_key_goes_to_the_server_and_nowhere_else():
    """An API key is sent as a bearer token, and appears in no repr and no message, even when the server quotes it."""
    with FakeServer("4", api_key="sk-secret") as server:
        calls, _, error = ask(server, api_key="sk-secret")
    quoted = Wire("http://127.0.0.1:1/v1", "sk-secret")._shown("Incorrect API key: sk-secret")

    assert error is None
    assert calls[0].output == "4"
    assert "sk-secret" not in repr(Wire("http://127.0.0.1:1/v1", "sk-secret"))
    assert quoted == "Incorrect API key: ***"


class Refusing(Wire):
    """A wire whose server refuses in these words."""

    words = ""

    def post(self, path, body_):
        return body({"content": None, "refusal": self.words})


@pytest.mark.parametrize("before", [0, 487])
def test_the_key_is_in_no_refusal_either(before, monkeypatch):
    """Neither whole nor cut off by the bound on what is kept of the server's words."""
    monkeypatch.setattr(Refusing, "words", "x" * before + " not with sk-secret")

    with recording() as calls, pytest.raises(WireError) as raised:
        Refusing("http://127.0.0.1:9/v1", "sk-secret").ask(CHAT, {})

    assert raised.value.failure is Failure.REFUSED
    assert calls[0].error == str(raised.value)
    assert "sk-" not in calls[0].error
    assert len(calls[0].error) <= 501


def test_connections_are_kept():
    """One thread asking ten questions uses one connection."""
    with FakeServer("4") as server:
        wire = Wire(server.base_url)
        for _ in range(10):
            wire.ask(CHAT, {"model": server.name})

        assert wire._pool.num_connections == 1


@pytest.mark.parametrize(
    "reply",
    [b"", b"[]", b"null", b'{"choices": []}', b'{"choices": [{}]}', b'{"choices": [{"message": 3}]}', b"[" * 100_000],
)
def test_anything_but_a_chat_completion_is_a_server_error(reply):
    """A body of any other shape is refused with a class of its own, never with a traceback."""
    with pytest.raises(WireError) as raised:
        read_reply(reply)

    assert raised.value.failure is Failure.SERVER_ERROR


def body(message=None, **fields):
    choice = {"message": message if message is not None else {"content": "4"}, "finish_reason": "stop"}
    choice.update(fields.pop("choice", {}))
    return json.dumps({"choices": [choice], **fields}).encode()


def test_time_to_first_token_includes_the_queue():
    """vLLM leaves the queue out of its time to the first token; a client waits for both."""
    reply = read_reply(body(metrics={"time_to_first_token_ms": 20.0, "queue_time_ms": 5.0}))

    assert reply.first_token_seconds == pytest.approx(0.025)
    assert reply.queue_seconds == pytest.approx(0.005)


@pytest.mark.parametrize(
    "usage",
    [
        None,
        3,
        {"prompt_tokens": -1, "completion_tokens": "9", "prompt_tokens_details": 1},
        {"prompt_tokens": 1e30, "completion_tokens": 10**30},
        {"prompt_tokens": 0, "completion_tokens": 0},
    ],
)
def test_senseless_token_counts_are_unknown(usage):
    """Counts that are no counts are not believed, and are not 0: an answer without tokens would be the cheapest."""
    assert read_reply(body(usage=usage)).usage == Usage(prompt_tokens=None, completion_tokens=None)


def test_a_sum_with_an_unknown_part_is_unknown():
    """One answer without counts says that nobody knows what all of them took; no answer takes nothing."""
    known = read_reply(body(usage={"prompt_tokens": 3, "completion_tokens": 2})).usage

    assert (known + Usage() + known).total_tokens == 10
    assert (known + read_reply(body()).usage + known).total_tokens is None


def test_an_answer_that_is_cut_off_is_tried_again():
    """The next attempt may bring all of it."""
    with FakeServer("4", faults={0: Fault("cut")}) as server:
        (call,), pauses, error = ask(server)

    assert error is None
    assert (call.output, call.attempts, len(pauses)) == ("4", 2, 1)


def test_an_answer_that_is_cut_off_every_time_is_not_a_lost_connection():
    """The server was there and had begun to answer, so it is not gone, and nothing says that it is."""
    with FakeServer("4", faults=lambda *_: Fault("cut")) as server:
        (call,), pauses, error = ask(server)

    assert (error.failure, len(pauses)) == (Failure.SERVER_ERROR, 2)
    assert call.error.startswith("The answer was cut off: ")


def test_a_refusal_is_no_answer():
    """Both OpenAI's refusal text and a content filter's finish reason are refusals."""
    assert read_reply(body({"content": None, "refusal": "I cannot."})).refusal == "I cannot."
    assert read_reply(body(choice={"finish_reason": "content_filter"})).refusal is not None


def test_output_survives_as_text():
    """Control and bidirectional characters stay as they are; half a surrogate pair becomes U+FFFD."""
    text = "\x1b[31m\u202e\x00 4"

    assert read_reply(body({"content": text})).output == text
    assert read_reply(body({"content": "\ud800 4"})).output == "\ufffd 4"


@pytest.mark.parametrize("url", ["", "localhost:8000", "file:///etc/passwd", "http://"])
def test_an_url_that_is_none_is_refused(url):
    """A bad endpoint URL is named at once, with an example of a good one."""
    with pytest.raises(ConfigError, match="endpoint URL"):
        Wire(url)


@pytest.mark.parametrize("concurrency", [0, 4097])
def test_more_connections_than_any_server_answers_are_refused(concurrency):
    """Room for every connection is made at once: thirty millions of them would take the machine's memory."""
    with pytest.raises(ConfigError, match=f"concurrency of {concurrency} cannot be; give 1 to 4096"):
        Wire("http://127.0.0.1:9/v1", concurrency=concurrency)
