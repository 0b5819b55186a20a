"""What every test finds, however the suite was started."""

import signal

import pytest


@pytest.fixture(scope="session", autouse=True)
def interruptible():
    """A shell starts a command in the background (`make test &`) deaf to SIGINT, and so are its children; not ours."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
