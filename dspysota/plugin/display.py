"""Progress on pytest's own terminal, visible although pytest captures what tests print."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from dspysota.experiment import Course, Pace, Progress
    from dspysota.records import Case

LINE_SECONDS = 15.0
"""Where lines cannot be rewritten, one is written this often."""
REWRITE_SECONDS = 0.2
INDENT = "  "


def progress_for(config: pytest.Config) -> Progress:
    """Progress that is shown; a silent one under -q, with -p no:terminal and in xdist's workers."""
    from dspysota.experiment import Silence

    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or config.get_verbosity() < 0 or hasattr(config, "workerinput"):
        return Silence()
    return TerminalProgress(reporter, config.pluginmanager.get_plugin("capturemanager"))


class TerminalProgress:
    """One line a run: rewritten on a terminal, repeated every 15 s elsewhere, and left standing at its end."""

    quiet = False

    def __init__(
        self, reporter: pytest.TerminalReporter, capture: Any, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._reporter = reporter
        self._capture = capture
        self._clock = clock
        self._pace: Pace | None = None
        self._shown = 0.0

    def say(self, text: str) -> None:
        """Write a line."""
        with self.aside():
            self._reporter.write_line(INDENT + self._shown_as(text))

    def begin(self, course: Course) -> None:
        """Start a line of its own."""
        from dspysota.experiment import Pace

        self._pace = Pace(course, self._clock)
        self._shown = self._clock()
        if self._reporter.isatty:  # the first answer of a slow model may take a minute
            self._show(self._pace)

    def case(self, case: Case, *, again: bool = False) -> None:
        """Show the new state, unless one was shown a moment ago."""
        if self._pace is None:
            return
        self._pace.add(case, again=again)
        wait = REWRITE_SECONDS if self._reporter.isatty else LINE_SECONDS
        if not self._pace.whole and self._clock() - self._shown >= wait:  # the last state is shown by `end`
            self._shown = self._clock()
            self._show(self._pace)

    def end(self) -> None:
        """Leave the last state standing."""
        if self._pace is not None:
            self._show(self._pace, over=True)
            self._pace = None

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Switch capturing off, so that downloads and servers can show their own progress."""
        with self._capture.global_and_fixture_disabled() if self._capture is not None else nullcontext():
            self._reporter.ensure_newline()
            yield

    def _show(self, pace: Pace, *, over: bool = False) -> None:
        with self.aside():
            if not self._reporter.isatty:
                self._reporter.write_line(INDENT + self._shown_as(pace.line(over=over)))
                return
            # A line that wraps could not be rewritten; the last one need not be.
            width = None if over else shutil.get_terminal_size().columns - len(INDENT) - 1
            self._reporter.rewrite(INDENT + pace.line(over=over, width=width), erase=True)
            if over:
                self._reporter.line("")

    def _shown_as(self, line: str) -> str:
        """As it is on a terminal; ASCII in a pipe or a log, whose encoding nobody knows."""
        from dspysota.report.text import plain

        return line if self._reporter.isatty else plain(line)
