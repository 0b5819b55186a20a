"""Grade-school arithmetic: does each program on each model clear the profile's bar?"""

import pytest


@pytest.mark.gsm8k
@pytest.mark.sota(task="gsm8k")
def test_gsm8k(sota, cell):
    """A run clears the bar that the profile sets for the rows it was measured on."""
    run = sota.run(cell)

    assert run >= sota.threshold(cell, run)
