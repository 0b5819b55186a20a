"""Somebody else's text, made fit to be shown."""

import doctest

from dspysota import untrusted


def test_docstring_examples_are_true():
    """Every example in a docstring gives what it says."""
    failed, tried = doctest.testmod(untrusted)
    assert tried > 0
    assert failed == 0
