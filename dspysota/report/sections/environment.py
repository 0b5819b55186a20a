"""Everything needed to repeat the runs: models and how they were served, machine, versions, sampling."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from dspysota.records import ModelInfo, RunInfo
from dspysota.report.text import is_secret, redacted
from dspysota.report.view import Report


def values(report: Report) -> Mapping[str, object] | None:
    """Distinct models, machines, versions and samplings, each with the numbers of the runs that it belongs to."""
    if not report.runs:
        return None
    return {
        "models": [(numbers, info.model, flags(info.model)) for numbers, info in _grouped(report, _model)],
        "machines": [(numbers, info.machine) for numbers, info in _grouped(report, lambda info: info.machine)],
        "versions": [(numbers, info.versions) for numbers, info in _grouped(report, lambda info: info.versions)],
        "samplings": [(numbers, info) for numbers, info in _grouped(report, _asked)],
    }


def flags(model: ModelInfo) -> str:
    """The server's settings as one would type them, without credentials."""
    env = [f"{name}={'***' if is_secret(name) else value}" for name, value in sorted(model.server_env.items())]
    return redacted(" ".join([*env, *model.server_flags]))


def _model(info: RunInfo) -> object:
    # The port changes with every start; it is no property of the model.
    return info.model.model_copy(update={"base_url": ""})


def _asked(info: RunInfo) -> object:
    return (info.sampling, info.seed, info.concurrency, info.limit, info.provenance)


def _grouped(report: Report, of: Callable[[RunInfo], Any]) -> list[tuple[str, RunInfo]]:
    """The distinct values of `of`, as (numbers of their runs, the first of these runs' infos)."""
    found: dict[str, tuple[list[int], RunInfo]] = {}
    for view in report.runs:
        found.setdefault(repr(of(view.run.info)), ([], view.run.info))[0].append(view.number)
    everything = len(report.runs)
    return [(numbers(group, everything), info) for group, info in found.values()]


def numbers(group: list[int], everything: int) -> str:
    """Run numbers, neighbours joined.

    >>> numbers([1, 2, 3, 5], 9), numbers([1, 2], 2), numbers([4], 9)
    ('runs 1–3, 5', 'all runs', 'run 4')
    """
    if len(group) == everything:
        return "all runs"
    spans: list[list[int]] = []
    for number in group:
        if spans and number == spans[-1][1] + 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    said = ", ".join(f"{a}" if a == b else f"{a}–{b}" for a, b in spans)
    return f"{'run' if len(group) == 1 else 'runs'} {said}"
