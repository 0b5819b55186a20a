"""Small beside large, question by question: differences are described, and what the profile claims is decided."""

import pytest


@pytest.mark.gsm8k
@pytest.mark.sota(task="gsm8k", against="reference")
def test_gsm8k_against_reference(sota, cell):
    """Both models answer the same questions; the paired difference and the ratio go into the summary."""
    sota.compare(sota.run(cell), sota.reference(cell))


@pytest.mark.gsm8k
@pytest.mark.sota(task="gsm8k", claimed=True, against="reference")
def test_gsm8k_claim_against_reference(sota, cell):
    """The profile's claim is a PASS, on the same questions, at its error rate."""
    claim = sota.claim(cell)

    assert sota.versus(cell) >= claim


@pytest.mark.hotpotqa
@pytest.mark.sota(task="hotpotqa", against="reference")
def test_hotpotqa_against_reference(sota, cell):
    """Both models answer the same questions; the paired difference and the ratio go into the summary."""
    sota.compare(sota.run(cell), sota.reference(cell))


@pytest.mark.hotpotqa
@pytest.mark.sota(task="hotpotqa", claimed=True, against="reference")
def test_hotpotqa_claim_against_reference(sota, cell):
    """The profile's claim is a PASS, on the same questions, at its error rate."""
    claim = sota.claim(cell)

    assert sota.versus(cell) >= claim
