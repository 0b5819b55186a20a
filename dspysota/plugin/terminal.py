"""The terminal section: a line a run, totals, the report's place, and how to go on after an interruption."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from dspysota.plugin.collector import Collector


def summarize(reporter: pytest.TerminalReporter, collector: Collector, config: pytest.Config) -> None:
    """Write the section; nothing without runs, and nothing under -q."""
    _gate(reporter, collector, config)
    if collector.trouble:
        reporter.section("dspysota")
        reporter.write_line(f"no report: {collector.trouble}", red=True)
        return
    if collector.report is None or config.get_verbosity() < 0:
        return
    from dspysota.plugin.session import SESSION
    from dspysota.report import terminal

    reporter.section("dspysota")
    for line in terminal.lines(collector.runs, collector.meta, ascii_only=not reporter.isatty):
        reporter.write_line(line)
    for line in (line for note in collector.notes for line in note.splitlines()):
        reporter.write_line(line)
    claim = config.stash[SESSION].profile.claim
    if claim is not None:
        reporter.write_line(claim.sentence())
    reporter.write_line(f"report: {shown(collector.report / 'report.html')}")
    if collector.open_end:
        same = "without --sota-no-cache the" if config.stash[SESSION].settings.fresh else "the"
        reporter.write_line(f"not finished: {same} same command goes on where this one stopped, asking nothing twice.")


def _gate(reporter: pytest.TerminalReporter, collector: Collector, config: pytest.Config) -> None:
    """The gate's decision and what was saved; under -q only what is wrong."""
    gate, saved = collector.gate, collector.saved
    red = not saved.whole or (gate is not None and gate.red)
    if not (gate or saved.sentences) or (config.get_verbosity() < 0 and not red):
        return
    from dspysota.report import terminal

    said = terminal.gate_lines(gate, saved.sentences, ascii_only=not reporter.isatty)
    reporter.section("dspysota gate", red=red, green=not red)
    for line in said:
        reporter.write_line(line)


def shown(path: Path) -> str:
    """A path as short as it can be said from here."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative
