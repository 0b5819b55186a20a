"""What the README's test needs is what the plugin's tests have."""

from tests.plugin.conftest import claimed, installed

__all__ = ["claimed", "installed"]
