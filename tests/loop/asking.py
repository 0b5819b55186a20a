"""A solver that needs no DSPy, for tests of the loop: one request per question, failures as the real one maps them."""

from __future__ import annotations

from typing import Any

import urllib3

from dspysota.records import Answer, Call, Example, Failure, Message, Usage


def make_examples(n):
    return [Example(id=f"q{i}", inputs={"question": f"What is {i} + {i}, really?"}, gold=str(2 * i)) for i in range(n)]


def adding(messages):
    """The right answer to every question of `make_examples`."""
    return str(2 * int(messages[-1]["content"].split()[2]))


def make_solver(base_url, *, name="fake", timeout=10.0):
    pool = urllib3.PoolManager(maxsize=64, retries=False, timeout=timeout)

    def solve(example):
        body = {"model": name, "messages": [{"role": "user", "content": example.question}]}
        try:
            response = pool.request("POST", f"{base_url}/chat/completions", json=body)
        except urllib3.exceptions.ReadTimeoutError:
            return Answer(prediction=None, failure=Failure.TIMEOUT, error="No answer in time.")
        except urllib3.exceptions.HTTPError as error:
            return Answer(prediction=None, failure=Failure.SERVER_ERROR, error=f"No connection: {error}")
        if response.status != 200:
            return Answer(prediction=None, failure=Failure.SERVER_ERROR, error=f"HTTP {response.status}")
        return read(example, response.json())

    return solve


def read(example, reply):
    choice, usage = reply["choices"][0], reply["usage"]
    call = Call(
        messages=(Message(role="user", content=example.question),),
        output=choice["message"]["content"],
        usage=Usage(prompt_tokens=usage["prompt_tokens"], completion_tokens=usage["completion_tokens"]),
        seconds=0.0,
        finish_reason=choice["finish_reason"],
    )
    return Answer(prediction=call.output or None, calls=(call,))


def exact(example, prediction, output, details):
    """The task's metrics."""
    return {"exact_match": float(prediction == example.gold), "brevity": 1.0}


RULES: dict[str, Any] = {"task_score": exact, "primary": "exact_match", "complete": lambda example, details: None}
