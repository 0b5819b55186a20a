"""How long one question takes when nobody else asks: `pytest evals -m latency`."""

import pytest

pytestmark = [
    pytest.mark.latency,
    pytest.mark.skipif("'latency' not in config.option.markexpr", reason="measured on demand only: -m latency"),
]


@pytest.mark.sota(task="gsm8k", approach="zero_shot", adapter="plain")
def test_one_question_at_a_time(solve, gsm8k, benchmark):
    """Each round asks another question, so that no answer comes from the server's prefix cache."""
    questions = iter(gsm8k.take(6))

    answer = benchmark.pedantic(solve, setup=lambda: ((next(questions),), {}), rounds=5, warmup_rounds=1)

    assert answer.error is None
