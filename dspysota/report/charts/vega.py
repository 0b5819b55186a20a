"""Vega draws: a specification in, SVG for the page out."""

from __future__ import annotations

import json
from functools import lru_cache

from markupsafe import Markup

from dspysota.errors import RunError
from dspysota.report.charts import svg
from dspysota.report.charts.spec import Spec


def draw(spec: Spec, label: str, classes: str) -> Markup:
    """One `svg` element with the role of an image, called `label`. Raises RunError where Vega refuses."""
    return svg.image(_drawn(json.dumps(spec, sort_keys=True)), label, classes)


@lru_cache(maxsize=256)
def _drawn(spec: str) -> str:
    """Kept, because a session writes its report more than once."""
    import vl_convert  # late: it brings a JavaScript engine, which only a report needs

    try:
        # No address is allowed, so that nothing can be fetched whatever a specification holds.
        return str(vl_convert.vega_to_svg(spec, allowed_base_urls=[]))
    except ValueError as error:
        raise RunError(f"A chart of the report could not be drawn: {error}.") from error
