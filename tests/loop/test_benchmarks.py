"""The benchmark scripts run and say what they measured; their figures are for people, not for tests."""

import json
import re

import pytest

from benchmarks import bootstrap_wall, chain, loop_overhead, random_search_wall, sandbox, server_wall
from dspysota.testing import FakeServer


def test_overhead_compares_three_clients(capsys):
    """Ours, dspy.Evaluate and a bare client answer the same questions; the table has a line for each."""
    assert loop_overhead.main(["--questions", "4", "--concurrency", "2", "--rounds", "1"]) == 0
    printed = capsys.readouterr().out
    assert [line.split("  ")[0] for line in printed.splitlines()[2:]] == ["dspysota", "dspy.Evaluate", "bare urllib3"]


def test_server_wall_alternates_and_sends_the_same_bodies(tmp_path, capsys):
    """Both clients send exactly the same requests, in alternating order, after one unmeasured pass."""
    write_rows(tmp_path)
    where = ["--data", str(tmp_path), "--questions", "4", "--concurrency", "1", "--rounds", "2"]
    with FakeServer("#### 4") as server:
        assert server_wall.main(["--base-url", server.base_url, "--model", "fake", *where]) == 0
        sent = [request.body for request in server.requests]
    assert len(sent) == 4 * (1 + 2 * 2)
    assert all(sent[start : start + 4] == sent[:4] for start in range(0, len(sent), 4))
    printed = capsys.readouterr().out
    assert [line.split(":")[0] for line in printed.splitlines()[:4]] == [
        "pass 1, ours",
        "pass 1, bare",
        "pass 2, bare",
        "pass 2, ours",
    ]
    assert "ours / bare" in printed


def write_rows(root):
    folder = root / "gsm8k"
    folder.mkdir()
    for name, n in (("train", 400), ("test", 40)):
        row = lambda i, name=name: {"question": f"What is {i} + {i} in the {name} set?", "answer": f"x\n#### {2 * i}"}  # noqa: E731
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row(i)) + "\n" for i in range(n)))


def sums(messages):
    """Right for every second number."""
    n = int(re.findall(r"What is (\d+)", messages[-1]["content"])[-1])
    return f"#### {2 * n if n % 2 else 'many'}"


@pytest.mark.parametrize(
    "script, more, says",
    [
        (random_search_wall, ["--validation", "5", "--candidates", "1"], "same winner: 1 of 1"),
        (bootstrap_wall, [], "demonstrations: equal"),
    ],
    ids=["random_search", "bootstrap"],
)
def test_compiling_both_ways_sends_the_same_requests(script, more, says, tmp_path, capsys):
    """Ours and DSPy's own ask the same questions and come to the same program; the ratio is printed."""
    write_rows(tmp_path)
    where = ["--data", str(tmp_path), "--train", "8", "--concurrency", "4", *more]
    with FakeServer(sums) as server:
        assert script.main(["--base-url", server.base_url, "--model", "fake", *where]) == 0
        sent = [json.dumps(request.body, sort_keys=True) for request in server.requests]
    half = len(sent) // 2
    printed = capsys.readouterr().out

    assert sorted(sent[:half]) == sorted(sent[half:])
    assert says in printed
    assert "ours / dspy" in printed


def test_made_up_questions_differ():
    """No two made-up questions share an id or a text, so that nothing is answered from a cache."""
    rows = chain.made_up(200)
    assert len({row.id for row in rows}) == len({row.question for row in rows}) == 200


def test_the_sandbox_is_timed_alone_and_in_threads(capsys):
    """One line for one thread, one for many."""
    assert sandbox.main(["--programs", "4", "--threads", "2"]) == 0
    printed = capsys.readouterr().out
    assert [line.split()[0] for line in printed.splitlines()[2:]] == ["1", "2"]
