"""The fake server answers, counts and fails as it was told."""

import contextlib
import gc
import json
import socket
import subprocess
import sys
import threading

import pytest
import urllib3

from dspysota.testing import FakeServer, Fault, Faults


def ask(server, question="What is 2 + 2?", *, timeout=10.0, headers=None, **fields):
    """One chat request; returns the urllib3 response."""
    body = {"model": server.name, "messages": [{"role": "user", "content": question}], **fields}
    url = f"{server.base_url}/chat/completions"
    with urllib3.PoolManager(retries=False, timeout=timeout) as pool:
        return pool.request("POST", url, json=body, headers=headers)


def text(response):
    return response.json()["choices"][0]["message"]["content"]


@pytest.mark.parametrize(
    "answers",
    [
        pytest.param("four", id="one text"),
        pytest.param({"2 + 2": "four", "2": "two"}, id="mapping, longest key"),
        pytest.param(lambda messages: "four" if "2 + 2" in messages[-1]["content"] else "?", id="function"),
    ],
)
def test_answers_come_from_a_text_a_mapping_or_a_function(answers):
    """The three ways to script answers say the same."""
    with FakeServer(answers) as server:
        assert text(ask(server)) == "four"


def test_unknown_question_is_refused_by_name():
    """A mapping never invents an answer: the question it lacks comes back in the error."""
    with FakeServer({"3 + 3": "six"}) as server:
        response = ask(server)
    assert response.status == 400
    assert "What is 2 + 2?" in response.json()["error"]["message"]


def test_a_broken_answers_function_is_told():
    """A mistake in the test's own function comes back at once; nobody waits for an answer that never comes."""
    with FakeServer(lambda messages: str(int("seven"))) as server:
        response = ask(server)
    assert response.status == 400
    assert "invalid literal" in response.json()["error"]["message"]


def test_tokens_are_words():
    """Usage counts the words of the prompt and of the answer, and /metrics adds them up under vLLM's names."""
    with FakeServer("#### 4") as server:
        assert ask(server).json()["usage"]["prompt_tokens"] == 5
        ask(server)
        metrics = urllib3.request("GET", server.base_url.removesuffix("/v1") + "/metrics").data.decode()
    assert 'vllm:prompt_tokens_total{engine="0",model_name="fake"} 10.0' in metrics
    assert 'vllm:generation_tokens_total{engine="0",model_name="fake"} 4.0' in metrics


def test_answers_carry_vllm_metrics():
    """Per-request metrics have the names and the unit (milliseconds) of vLLM."""
    with FakeServer("#### 4", seconds=0.001) as server:
        metrics = ask(server).json()["metrics"]
    assert set(metrics) == {"time_to_first_token_ms", "generation_time_ms", "queue_time_ms"}
    assert metrics["generation_time_ms"] >= 1.0


def test_max_tokens_and_stop_are_honoured():
    """The token limit truncates with finish_reason length; a stop string ends the answer before it."""
    with FakeServer("one two\nUser: three") as server:
        cut = ask(server, max_tokens=1).json()["choices"][0]
        stopped = ask(server, stop=["\nUser:"]).json()["choices"][0]
    assert (cut["message"]["content"], cut["finish_reason"]) == ("one", "length")
    assert (stopped["message"]["content"], stopped["finish_reason"]) == ("one two", "stop")


def test_prompt_longer_than_the_context_is_refused_in_vllm_words():
    """A prompt that leaves no room gets vLLM's 400."""
    with FakeServer("4", context_length=3) as server:
        response = ask(server)
    assert response.status == 400
    assert "maximum context length is 3 tokens" in response.json()["error"]["message"]


def test_api_key_is_checked():
    """With an API key set, requests without it get 401."""
    with FakeServer("4", api_key="secret") as server:
        assert ask(server).status == 401
        assert ask(server, headers={"Authorization": "Bearer secret"}).status == 200
        assert len(server.requests) == 1


def test_models_are_listed():
    """/v1/models names the served model; another model's name is refused."""
    with FakeServer("4", name="tiny") as server:
        listed = urllib3.request("GET", f"{server.base_url}/models").json()
        assert [card["id"] for card in listed["data"]] == ["tiny"]
        server.name = "other"
        assert ask(server).status == 404


def test_a_plain_text_is_continued():
    """/v1/completions answers in its own shape, and the text is a message of the role "prompt"."""
    with FakeServer({"2 + 2": " 4 and more"}) as server:
        body = {"model": server.name, "prompt": "Question: 2 + 2?\nAnswer:", "max_tokens": 1}
        response = urllib3.request("POST", f"{server.base_url}/completions", json=body)
        (request,) = server.requests
    assert response.json()["choices"][0]["text"].strip() == "4"
    assert response.json()["choices"][0]["finish_reason"] == "length"
    assert request.messages == ({"role": "prompt", "content": body["prompt"]},)


def test_what_a_server_lacks_is_refused():
    """Each ability that a real server may lack is refused as that one does, and the others stay."""
    with FakeServer("4", lacks=["structured_outputs"]) as server:
        assert ask(server, structured_outputs={"regex": "4"}).status == 400
        assert ask(server).status == 200
    with FakeServer("4", lacks=["chat_template", "completions"]) as server:
        refused = ask(server)
        absent = urllib3.request("POST", f"{server.base_url}/completions", json={"model": "fake", "prompt": "?"})
    assert "chat template" in refused.json()["error"]["message"]
    assert (refused.status, absent.status) == (400, 404)


@pytest.mark.parametrize(
    "fault, status",
    [
        (Fault("error"), 500),
        (Fault("error", status=503), 503),
        (Fault("busy", retry_after=2), 429),
        (Fault("overflow"), 400),
        (Fault("garbage"), 200),
        (Fault("empty"), 200),
    ],
)
def test_scripted_faults_strike_the_named_request_only(fault, status):
    """A fault under a request's number strikes that request and no other."""
    with FakeServer("4", faults={1: fault}) as server:
        assert text(ask(server)) == "4"
        struck = ask(server)
        assert text(ask(server)) == "4"
    assert struck.status == status
    if fault.kind == "busy":
        assert struck.headers["Retry-After"] == "2"
    if fault.kind == "garbage":
        with pytest.raises(json.JSONDecodeError):
            json.loads(struck.data.decode("latin-1"))


def test_faults_of_a_question_strike_once_each():
    """A sequence under a piece of a question strikes its first requests; a single fault strikes every one."""
    faults: Faults = {"2 + 2": [Fault("error"), Fault("truncate")], "3 + 3": Fault("error")}
    with FakeServer("two words", faults=faults) as server:
        assert ask(server).status == 500
        assert ask(server).json()["choices"][0]["finish_reason"] == "length"
        assert text(ask(server)) == "two words"
        assert [ask(server, "3 + 3").status for _ in range(2)] == [500, 500]


def test_close_drops_the_connection():
    """A closed connection is a protocol error for the client."""
    with FakeServer("4", faults={0: Fault("close")}) as server, pytest.raises(urllib3.exceptions.ProtocolError):
        ask(server)


def test_hang_lasts_until_the_client_gives_up():
    """A hanging request counts as in flight until its client leaves."""
    with FakeServer("4", faults={0: Fault("hang")}) as server:
        with pytest.raises(urllib3.exceptions.ReadTimeoutError):
            ask(server, timeout=0.05)
        assert server.wait_until(lambda s: s.in_flight == 0)


def test_held_requests_wait_for_release():
    """While held, requests pile up and are counted; release answers them all."""
    with FakeServer("4") as server:
        server.hold()
        answers = []
        threads = [threading.Thread(target=lambda: answers.append(text(ask(server)))) for _ in range(3)]
        for thread in threads:
            thread.start()
        assert server.wait_until(lambda s: s.in_flight == 3)
        assert answers == []
        server.release()
        for thread in threads:
            thread.join()
        assert answers == ["4"] * 3
        assert server.peak == 3


def test_process_serves_and_ends():
    """The server also runs in a process of its own, which ends with the block."""
    with FakeServer.process("#### 4") as server:
        assert text(ask(server)) == "#### 4"
    with pytest.raises(urllib3.exceptions.HTTPError):
        ask(server)


def test_process_ends_when_its_parent_dies():
    """The process watches its standard input, so a killed parent leaves nothing behind."""
    command = [sys.executable, "-m", "dspysota.testing.fake_server", "--port", "0", "--until-eof"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        printed, _ = process.communicate("", timeout=10)
    assert printed.startswith("http://127.0.0.1:")
    assert process.returncode == 0


def test_ending_leaks_no_connection():
    """A server that ends while clients are just connecting closes their sockets too."""
    for _ in range(10):
        with FakeServer("4") as server, contextlib.ExitStack() as clients:
            port = urllib3.util.parse_url(server.base_url).port
            for _ in range(5):
                clients.enter_context(socket.create_connection(("127.0.0.1", port)))
            server.stop()
    gc.collect()  # a socket left open would warn now, and warnings are errors


def test_embeddings_go_by_words():
    """Texts with the same words have the same embedding, in the order asked; what is no text is refused."""
    with FakeServer("x") as server, urllib3.PoolManager(retries=False, timeout=10.0) as pool:
        url = f"{server.base_url}/embeddings"
        answer = pool.request("POST", url, json={"model": "fake", "input": ["Kites fly.", "fly, kites", "ships"]})
        one = pool.request("POST", url, json={"model": "fake", "input": "ships"})
        bodies = ["{}", '{"input": 7}', '{"input": [7]}', "[]", "{"]
        bad = [pool.request("POST", url, body=body).status for body in bodies]

        assert server.embedded == ("Kites fly.", "fly, kites", "ships", "ships")
        assert server.requests == ()
    first, second, third = (item["embedding"] for item in answer.json()["data"])
    assert first == second != third
    assert one.json()["data"][0]["embedding"] == third
    assert bad == [400] * 5
