"""`--sota-dry-run`: what the chosen tests would take. None of them runs, and no model is asked."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from dspysota.plugin.collect import asking, cell_of, needed
from dspysota.plugin.session import SESSION

if TYPE_CHECKING:
    from dspysota.plugin.session import SotaSession
    from dspysota.profiles import Cell


def without_workers(config: pytest.Config) -> None:
    """Have pytest-xdist stay out of it, which it does when told so before its own `pytest_configure`."""
    if getattr(config.option, "dist", "no") != "no":
        config.option.dist, config.option.tx = "no", []


def instead_of_running(session: pytest.Session) -> bool:
    """Print what the collected tests would take. Tests that cannot be planned make the exit code 1.

    Raises pytest.UsageError.
    """
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    lines, troubles = outlook_of(session)
    if reporter is not None:
        reporter.section("dspysota dry run")
        for line in lines:
            reporter.write_line(line if reporter.isatty else line.replace("·", "/"))
    session.testsfailed = troubles
    return True


def outlook_of(session: pytest.Session) -> tuple[list[str], int]:
    """The lines to print, and the number of cells that cannot be planned."""
    from dspysota.experiment import Silence, Workbench, forecast

    state = session.config.stash[SESSION]
    ours = asking(session.items)
    cells: list[Cell] = []
    unplanned = []
    for item in ours:
        if _skipped(item):
            continue
        found = needed(item, state.profile)
        cells += _measured(found, state)
        if not found:
            unplanned.append(item.nodeid)
    bench = Workbench(state.profile, state.settings, progress=Silence())
    outlook = forecast.foresee(state.profile, state.settings, cells, bench.data)
    lines = forecast.lines(outlook) or ["nothing to measure: no chosen test asks for a run of a cell"]
    lines += forecast.beyond(outlook.parts, state.settings.max_usd, state.settings.max_minutes)
    if state.settings.lift:
        lines.append("--sota-lift measures the steps to each optimized program, too: they are not in the table.")
    if unplanned:
        lines.append(f"not planned, for they ask in ways of their own: {', '.join(unplanned)}")
    lines.append(f"{len(session.items)} tests chosen, none run")
    return lines, len(outlook.troubles)


def _measured(cells: list[Cell], state: SotaSession) -> list[Cell]:
    """Of a test's own cell and its references those that are measured, and not replayed from a folder."""
    from dspysota.experiment import replay_folder

    return [
        cell
        for place, cell in enumerate(cells)
        if replay_folder(state.profile, state.settings, cell.task) is None
        or (place == 0 and cell != state.profile.reference(cell.task))
    ]


def _skipped(item: pytest.Item) -> bool:
    """Whether its marks would skip the test; those that cannot be evaluated count as no."""
    from _pytest.skipping import evaluate_skip_marks

    if cell_of(item) is None and item.get_closest_marker("skip"):
        return True
    with suppress(Exception, pytest.fail.Exception):
        return evaluate_skip_marks(item) is not None
    return False
