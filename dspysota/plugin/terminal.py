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
        _say_open(reporter, collector, quiet=config.get_verbosity() < 0)
        _say_logged(reporter, collector, quiet=True)
        return
    from dspysota.plugin.session import SESSION
    from dspysota.report import flakiness, terminal

    reporter.section("dspysota")
    for line in terminal.lines(collector.runs, collector.meta, ascii_only=not reporter.isatty):
        reporter.write_line(line)
    for line in flakiness.lines(collector.runs, collector.meta) if collector.meta else ():
        reporter.write_line(line if reporter.isatty else line.replace("·", "/"), yellow="warning:" in line)
    for line in (line for note in (*collector.comparisons, *collector.notes) for line in note.splitlines()):
        reporter.write_line(line)
    for task, claim in config.stash[SESSION].profile.claims.items():
        reporter.write_line(f"claim{'' if task == 'any' else f' on {task}'}: {claim.sentence()}")
    _say_logged(reporter, collector, quiet=False)
    reporter.write_line(f"report: {shown(collector.report / 'report.html')}")
    if collector.open_end:
        same = "without --sota-no-cache the" if config.stash[SESSION].settings.fresh else "the"
        limit = " with a higher limit" if collector.limited else ""
        reporter.write_line(
            f"not finished: {same} same command{limit} goes on where this one stopped, asking nothing twice."
        )


def _say_open(reporter: pytest.TerminalReporter, collector: Collector, *, quiet: bool) -> None:
    """Claims of a session without a report; under -q those alone that failed by being undecided.

    pytest shows why tests failed, but says nothing of an outcome that it does not know.
    """
    for one in collector.decisions:
        if not quiet or (one.outcome == "inconclusive" and not one.verdict):
            from dspysota.report.terminal import verdict_lines

            for line in (one.test, *verdict_lines(one.verdict)):
                reporter.write_line(f"dspysota: {line}")


def _say_logged(reporter: pytest.TerminalReporter, collector: Collector, *, quiet: bool) -> None:
    """What came of --sota-mlflow; under -q only trouble."""
    said, trouble = collector.logged.said, collector.logged.trouble
    if said and (trouble or not quiet):
        reporter.write_line(f"dspysota: {said}" if quiet else said, yellow=trouble)


def _gate(reporter: pytest.TerminalReporter, collector: Collector, config: pytest.Config) -> None:
    """The gate's decision and what was saved; under -q only what is wrong."""
    gate, saved = collector.gate, collector.saved
    red = not saved.whole or (gate is not None and gate.red)
    if not (gate or saved.sentences) or (config.get_verbosity() < 0 and not red):
        return
    from dspysota.report import terminal

    said = terminal.gate_lines(gate, saved.sentences, ascii_only=not reporter.isatty)
    reporter.section("dspysota gate", red=red, green=not red and (gate is None or gate.compared))
    for line in said:
        reporter.write_line(line)


def shown(path: Path) -> str:
    """A path as short as it can be said from here."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative
