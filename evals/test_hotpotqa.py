"""Two-hop questions over ten paragraphs: does each program on each model clear the profile's bar?"""

import pytest


@pytest.mark.hotpotqa
@pytest.mark.sota(task="hotpotqa")
def test_hotpotqa(sota, cell):
    """A run clears the bar that the profile sets for the rows it was measured on."""
    run = sota.run(cell)

    assert run >= sota.threshold(cell, run)
