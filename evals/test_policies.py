"""The profile's claim against every reference that it could have named: `pytest evals -m policies`.

Nothing is asserted, since a claim names one reference and is judged against that; the others go into the report. The
larger model is prepared as the small one is, which takes as long again.
"""

import pytest

pytestmark = [
    pytest.mark.policies,
    pytest.mark.skipif("'policies' not in config.option.markexpr", reason="measured on demand only: -m policies"),
    pytest.mark.parametrize("policy", ["baseline", "same_program", "best"]),
]


@pytest.mark.sota(task="gsm8k", claimed=True, against="reference")
def test_gsm8k_under_policy(sota, cell, policy):
    """The verdict on the same questions, whatever it is."""
    sota.verdict(cell, policy=policy)


@pytest.mark.sota(task="hotpotqa", claimed=True, against="reference")
def test_hotpotqa_under_policy(sota, cell, policy):
    """The verdict on the same questions, whatever it is."""
    sota.verdict(cell, policy=policy)
