"""The parts of the HTML report, top to bottom.

A section is a template and a function from the report to the template's values; a function that answers None has
nothing to show, and its section is left out. To add one: `sections/NAME.py`, `templates/NAME.html.j2`, and a line
below (the order is a decision, so it is written down).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from dspysota.report.sections import (
    across,
    banner,
    claims,
    compiling,
    costs,
    environment,
    examples,
    failures,
    flakiness,
    frontier,
    latency,
    lift,
    regression,
    runs,
)
from dspysota.report.view import Report


@dataclass(frozen=True)
class Section:
    """`name` is its anchor and its template's name, `title` its heading and its line in the table of contents."""

    name: str
    title: str
    values: Callable[[Report], Mapping[str, object] | None]


BANNER = Section("banner", "Outcome", banner.values)

SECTIONS = (
    Section("claims", "Claims", claims.values),
    Section("runs", "Runs", runs.values),
    Section("frontier", "Quality against cost", frontier.values),
    Section("lift", "Where the lift came from", lift.values),
    Section("latency", "How long answers took", latency.values),
    Section("failures", "What went wrong", failures.values),
    Section("costs", "What it cost", costs.values),
    Section("compiling", "What preparing the programs took", compiling.values),
    Section("across", "Across tasks", across.values),
    Section("regression", "Beside the baseline", regression.values),
    Section("flakiness", "Asked twice", flakiness.values),
    Section("examples", "Examples", examples.values),
    Section("environment", "How to repeat it", environment.values),
)
