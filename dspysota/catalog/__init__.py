"""Which models can be named, and what is known of them: `models.yaml` here, and a file of the user's own."""

from dspysota.catalog.load import catalog, find, template_path, user_file
from dspysota.catalog.spec import HubSource, ModelSpec, Source, WheelSource

__all__ = ["HubSource", "ModelSpec", "Source", "WheelSource", "catalog", "find", "template_path", "user_file"]
