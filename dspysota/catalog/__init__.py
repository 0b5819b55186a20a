"""Which models can be named, and what is known of them: `models.yaml` here, and a file of the user's own.

`published.yaml` holds scores that others published.
"""

from dspysota.catalog.load import catalog, find, template_path, user_file
from dspysota.catalog.published import PublishedScore, published, published_scores
from dspysota.catalog.spec import HubSource, ModelSpec, Source, WheelSource

__all__ = [
    "HubSource",
    "ModelSpec",
    "PublishedScore",
    "Source",
    "WheelSource",
    "catalog",
    "find",
    "published",
    "published_scores",
    "template_path",
    "user_file",
]
