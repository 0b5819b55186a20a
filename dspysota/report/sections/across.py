"""The same model, prepared in the same way, on several data sets."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import fmean

from dspysota.report.charts import across
from dspysota.report.charts.across import Prepared, Spot
from dspysota.report.view import Report


def values(report: Report) -> Mapping[str, object] | None:
    """A chart of whatever was measured on more than one data set; None where nothing was.

    Programs differ from task to task, so that a model, an approach and an adapter make a row; the best comes first.
    """
    names = report.data_names()
    found: dict[tuple[str, str], list[Spot]] = {}
    for view in report.runs:
        info = view.run.info
        if view.primary is None:
            continue
        how = info.prepared if info.adapter == "plain" else f"{info.prepared} · {info.adapter}"
        spot = Spot(view, names.index(info.data.name), view.primary)
        found.setdefault((info.model.name, how), []).append(spot)
    rows = [
        Prepared(model, how, tuple(sorted(spots, key=lambda spot: spot.place)))
        for (model, how), spots in found.items()
        if len({spot.place for spot in spots}) > 1
    ]
    if not rows:
        return None
    rows.sort(key=lambda row: -fmean(spot.metric.mean for spot in row.spots))
    used = {spot.place for row in rows for spot in row.spots}
    return {"chart": across.figure(names, rows), "names": [(place, names[place]) for place in sorted(used)]}
