"""Progress of a long set-up, without any package."""

from __future__ import annotations

import os
import shutil
import time
from typing import IO


class Terminal:
    """Progress of the steps on standard error: one line that moves on a terminal, few plain lines elsewhere."""

    def __init__(self, stream: IO[str]) -> None:
        self.stream = stream
        self.moving = stream.isatty() and os.environ.get("TERM") != "dumb"
        self.started = self.spoke = time.monotonic()
        self.title = ""

    def begin(self, title: str) -> None:
        """Announce a step."""
        self.title = title
        self.started = self.spoke = time.monotonic()
        self._write("" if self.moving else f"  {title} …\n")

    def tick(self, detail: str) -> None:
        """Show that the step goes on: at most four times a second on a terminal, every 20 s elsewhere."""
        now = time.monotonic()
        if now - self.spoke < (0.25 if self.moving else 20):
            return
        self.spoke = now
        line = f"  {self.title} … {now - self.started:.0f} s  {detail}"
        width = shutil.get_terminal_size().columns - 1
        self._write(f"\r\033[K{line[:width]}" if self.moving else f"{line}\n")

    def done(self, note: str = "") -> None:
        """Close the step with its time."""
        line = f"  {self.title}: {note or 'done'}, {time.monotonic() - self.started:.0f} s\n"
        self._write(f"\r\033[K{line}" if self.moving else line)

    def _write(self, text: str) -> None:
        self.stream.write(text)
        self.stream.flush()
