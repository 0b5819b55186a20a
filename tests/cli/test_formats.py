"""`dspysota formats`: which adapter suits a model, tried on training questions."""

import json
import socket

import pytest

from dspysota import programs
from dspysota.cli import main
from dspysota.experiment import Tried, advice
from dspysota.stats import wilson
from dspysota.testing import FakeServer
from tests.plugin.projects import MODEL, added, write_rows


def fluent(messages):
    """The right answer in whatever format it is asked for."""
    said = " ".join(message["content"] for message in messages)
    reasoning, _, number = added(messages).partition("\n#### ")
    if "JSON object" in said:
        return json.dumps({"reasoning": reasoning, "answer": number})
    if "<question>" in said:
        return f"<reasoning>{reasoning}</reasoning><answer>{number}</answer>"
    if "[[ ## question ## ]]" in said:
        return f"[[ ## reasoning ## ]]\n{reasoning}\n[[ ## answer ## ]]\n{number}"
    return f"{reasoning}\n#### {number}"


def plain_spoken(messages):
    """The right answer, in plain words only."""
    return added(messages)


@pytest.fixture
def formats(tmp_path, monkeypatch, capsys):
    """The command on a fake server with training rows of its own; returns exit status, stdout and stderr."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DSPYSOTA_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("DSPYSOTA_API_KEY", raising=False)
    write_rows(tmp_path / "data", train=60)

    def run(server, *words):
        url = server if isinstance(server, str) else server.base_url
        given = ["--data", str(tmp_path / "data"), "--base-url", url]
        code = main(["formats", MODEL, "gsm8k", *given, *words])
        return (code, *capsys.readouterr())

    return run


def test_every_adapter_is_tried_on_the_same_training_rows(formats):
    """All adapters get the rows asked for, none of them a test row, and each a line in the table."""
    with FakeServer(fluent, name=MODEL) as server:
        code, out, err = formats(server, "--rows", "6")
        questions = [request.question for request in server.requests if request.body["max_tokens"] > 1]

    lines = [line.split() for line in out.splitlines()]
    assert code == 0
    assert sorted(line[0] for line in lines if line[1:2] == ["1.000"]) == sorted(programs.adapters())
    assert len(questions) == 6 * len(programs.adapters())
    assert all("has 1 apples" in question and "has 2 apples" not in question for question in questions)
    assert "6/6" in err
    assert "6/6" not in out


def test_the_best_comes_first_with_what_there_is_to_know(formats):
    """Score, Wilson's interval, and where the others lost: here, in answers that cannot be read."""
    with FakeServer(plain_spoken, name=MODEL) as server:
        code, out, _ = formats(server, "--rows", "24", "--adapter", "xml", "--adapter", "plain", "--json")

    found = json.loads(out)
    best, worst = found["tried"]
    assert code == 0
    assert (best["adapter"], best["score"], best["unparsable"]) == ("plain", 1.0, 0)
    assert best["interval"] == pytest.approx(list(wilson(24, 24)))
    assert (worst["adapter"], worst["score"], worst["unparsable"], worst["errors"]) == ("xml", 0.0, 24, 0)
    assert best["tokens"] > 0
    assert best["seconds"] > 0
    assert found["advice"] == "Take plain: on these 24 questions no other interval reaches up to its own."
    assert (found["split"], found["program"], found["approach"]) == ("train", "cot", "zero_shot")


def test_truncated_answers_are_counted_apart(formats):
    """An answer that ran into the limit on tokens is truncated, not merely unreadable."""
    with FakeServer("so " * 500, name=MODEL) as server:
        _, out, _ = formats(server, "--rows", "3", "--adapter", "plain", "--json")

    (one,) = json.loads(out)["tried"]
    assert (one["truncated"], one["unparsable"], one["score"]) == (3, 0, 0.0)


def test_few_shot_shows_the_hand_written_demonstrations(formats):
    """The approach decides what the model sees besides the question."""
    with FakeServer(fluent, name=MODEL) as server:
        formats(server, "--rows", "1", "--adapter", "completion", "--approach", "few_shot")
        text = server.requests[-1].question

    assert text.count("\n\nQuestion:") > 3
    assert text.endswith("\nAnswer:")


def test_a_base_model_is_only_asked_by_completion(formats):
    """Without a chat template no chat is tried after the first refusal, and the reason is told once."""
    with FakeServer(fluent, name=MODEL, lacks=["chat_template"]) as server:
        code, out, _ = formats(server, "--rows", "2")
        asked = [request for request in server.requests if "messages" in request.body]

    assert code == 0
    assert asked == []
    assert out.count("no chat template") == 1
    assert "Not tried: plain, chat, json, xml, structured. The model has no chat template." in out
    assert out.splitlines()[-1] == "Only completion was tried, on 2 questions."


def test_a_server_that_refuses_a_format_does_not_keep_the_others(formats):
    """Adapters that the server cannot serve are named below the table, with the cure."""
    with FakeServer(fluent, name=MODEL, lacks=["structured_outputs", "completions"]) as server:
        code, out, _ = formats(
            server, "--rows", "2", "--adapter", "structured", "--adapter", "completion", "--adapter", "plain"
        )

    assert code == 0
    assert "Not tried: structured." in out
    assert "refuses structured outputs; take another adapter" in out
    assert "Not tried: completion." in out
    assert "has no /v1/completions" in out


def test_a_server_that_ignores_constraints_shows_as_errors(formats):
    """Answers that were not constrained count zero, and the reason stands below the table."""
    with FakeServer("It is 4.", name=MODEL) as server:
        _, out, _ = formats(server, "--rows", "3", "--adapter", "structured")

    assert "Errors of structured, such as: The server ignores structured outputs" in out


@pytest.mark.parametrize(
    "words, said",
    [
        (["--adapter", "yaml"], "'yaml'"),
        (["--program", "read"], "'read'"),
    ],
)
def test_a_wrong_name_is_one_sentence_and_2(formats, words, said):
    """A name that is none is answered with those that are, before anything is asked."""
    with FakeServer(fluent, name=MODEL) as server:
        code, out, err = formats(server, *words)

    assert (code, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert said in err
    assert server.requests == ()


def test_no_server_is_one_sentence_and_2(formats):
    """A server that is not there is named once, whatever the number of adapters."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    code, out, err = formats(f"http://127.0.0.1:{port}/v1")

    assert (code, out) == (2, "")
    assert err.count("No server answers") == 1
    assert "Traceback" not in err


@pytest.mark.parametrize(
    "words",
    [["--rows", "0"], ["--rows", "many"], ["--concurrency", "-1"], ["--concurrency", "4097"], ["--approach", "mipro"]],
)
def test_numbers_and_choices_are_checked_by_the_command_line(formats, capsys, words):
    """Values out of range are refused with usage and exit status 2."""
    with pytest.raises(SystemExit) as end:
        formats("http://127.0.0.1:9/v1", *words)
    assert end.value.code == 2
    assert "usage: dspysota formats" in capsys.readouterr().err


def of(adapter, right, n=24):
    return Tried(
        adapter=adapter,
        questions=n,
        score=right / n,
        interval=wilson(right, n),
        unparsable=0,
        truncated=0,
        errors=0,
        tokens=1.0,
        seconds=1.0,
    )


@pytest.mark.parametrize(
    "tried, said",
    [
        (
            [of("plain", 12), of("chat", 10), of("xml", 0)],
            "Take plain, but 24 questions are few: the intervals of chat",
        ),
        ([of("plain", 20), of("xml", 0)], "Take plain: on these 24 questions"),
        ([of("plain", 12)], "Only plain was tried"),
        ([of("plain", 0), of("chat", 0)], "No adapter got any of 24 questions right"),
    ],
    ids=["overlap", "clear", "alone", "hopeless"],
)
def test_the_advice_says_how_sure_it_is(tried, said):
    """Overlapping intervals are told, and a lead that is none is not praised."""
    assert advice(tried).startswith(said)
