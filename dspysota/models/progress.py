"""Progress of long steps on stderr: bars on a terminal, plain lines elsewhere, or nothing."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

LOOK_SECONDS = 0.25
LINE_SECONDS = 10


class Reporter:
    """Says what is being done. `console` None: nothing is said."""

    def __init__(self, console: Console | None) -> None:
        self._console = console

    def say(self, text: str) -> None:
        """One line."""
        if self._console:
            self._console.print(text, markup=False, highlight=False, soft_wrap=True)

    @contextmanager
    def task(self, text: str, *, folder: Path | None = None, total: int | None = None) -> Iterator[None]:
        """Show that `text` is being done until the block ends, and how many of `total` bytes `folder` holds already."""
        if self._console is None:
            yield
        elif self._console.is_terminal:
            with self._bar(self._console, text, folder, total):
                yield
        else:
            with self._lines(text, folder, total):
                yield

    @contextmanager
    def _bar(self, console: Console, text: str, folder: Path | None, total: int | None) -> Iterator[None]:
        size = (BarColumn(), DownloadColumn()) if total else ()
        columns = (SpinnerColumn(finished_text="✓"), TextColumn("{task.description}"), *size, TimeElapsedColumn())
        with Progress(*columns, console=console) as bars:
            bar = bars.add_task(text, total=total)

            def look() -> None:
                if folder and total:
                    # Not quite all: the bar is full when the block ends, not when the last byte has come.
                    bars.update(bar, completed=min(size_of(folder), total - 1))

            with _every(LOOK_SECONDS, look):
                yield
            bars.update(bar, total=total or 1, completed=total or 1)

    @contextmanager
    def _lines(self, text: str, folder: Path | None, total: int | None) -> Iterator[None]:
        started = time.monotonic()
        ticks = 0

        def look() -> None:
            nonlocal ticks
            # A step that is over within a second is not worth a line; the others get one, and more every ten seconds.
            if ticks == 0:
                self.say(f"{text} …")
            elif ticks % LINE_SECONDS == 0:
                done = f"{human(size_of(folder))} of {human(total)}, " if folder and total else ""
                self.say(f"{text}: {done}{time.monotonic() - started:.0f} s")
            ticks += 1

        with _every(1.0, look):
            yield
        if ticks:
            self.say(f"{text}: done in {time.monotonic() - started:.0f} s")


def reporter(progress: bool) -> Reporter:
    """A reporter to stderr, or a silent one."""
    return Reporter(Console(stderr=True) if progress else None)


def size_of(folder: Path) -> int:
    """Bytes of all files below `folder`; files that vanish meanwhile count nothing."""
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except OSError:
            continue
    return total


def human(size: float) -> str:
    """Bytes as a person reads them, in powers of ten as disks are sold.

    >>> human(98_362_432), human(3_554_214_752), human(512)
    ('98 MB', '3.6 GB', '512 bytes')
    """
    if size >= 1e9:
        return f"{size / 1e12:.1f} TB" if size >= 1e12 else f"{size / 1e9:.1f} GB"
    if size >= 1e3:
        return f"{size / 1e6:.0f} MB" if size >= 1e6 else f"{size / 1e3:.0f} kB"
    return f"{size:.0f} bytes"


@contextmanager
def _every(seconds: float, act: Callable[[], None]) -> Iterator[None]:
    """Call `act` every few seconds from a thread while the block runs."""
    over = threading.Event()

    def loop() -> None:
        while not over.wait(seconds):
            act()

    thread = threading.Thread(target=loop, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
