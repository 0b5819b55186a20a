"""A real server for the tests that start none themselves."""

import pytest

from dspysota import models, serving
from dspysota.catalog import find


@pytest.fixture(scope="module")
def endpoint():
    """SmolLM2-135M on a vLLM server of our own."""
    spec = find("smollm2-135m")
    weights = models.ensure(spec)
    options = serving.ServerOptions(max_model_len=4096, kv_cache_gib=1)
    with serving.lease(spec, weights.path, weights.digest, options=options) as found:
        yield found
    serving.release()
