"""Small beside large, question by question: differences are described here. A claim is decided by a test of yours."""

import pytest


@pytest.mark.gsm8k
@pytest.mark.sota(task="gsm8k", against="reference")
def test_gsm8k_against_reference(sota, cell):
    """Both models answer the same questions; the paired difference and the ratio go into the summary."""
    sota.compare(sota.run(cell), sota.reference(cell))


@pytest.mark.hotpotqa
@pytest.mark.sota(task="hotpotqa", against="reference")
def test_hotpotqa_against_reference(sota, cell):
    """Both models answer the same questions; the paired difference and the ratio go into the summary."""
    sota.compare(sota.run(cell), sota.reference(cell))
