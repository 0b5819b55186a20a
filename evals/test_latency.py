"""How long one question takes when nobody else asks: `pytest evals -m latency`."""

import pytest

pytestmark = [
    pytest.mark.latency,
    pytest.mark.skipif("'latency' not in config.option.markexpr", reason="measured on demand only: -m latency"),
]


@pytest.mark.sota(task="gsm8k", approach="zero_shot", adapter="plain")
def test_one_question_at_a_time(solve, gsm8k, benchmark, facts):
    """Each round asks another question, so that no answer comes from the server's prefix cache."""
    benchmark.extra_info.update(facts)
    questions = iter(gsm8k.take(6))

    answer = benchmark.pedantic(solve, setup=lambda: ((next(questions),), {}), rounds=5, warmup_rounds=1)

    assert answer.error is None


@pytest.mark.sota(task="gsm8k", approach="zero_shot", adapter="plain")
def test_first_token(solve_one_token, gsm8k, benchmark, facts):
    """Requests that end with their first token, on questions of their own: how long until a client can show one."""
    benchmark.extra_info.update(facts, max_tokens=1)
    questions = iter(gsm8k.take(27)[6:])

    answer = benchmark.pedantic(solve_one_token, setup=lambda: ((next(questions),), {}), rounds=20, warmup_rounds=1)

    assert answer.error is None
