"""Progress of a long set-up, without any package."""

from __future__ import annotations

import os
import shutil
import threading
import time
from typing import IO


class Terminal:
    """The steps on standard error: one line that moves on a terminal, few plain lines elsewhere."""

    def __init__(self, stream: IO[str]) -> None:
        self.stream = stream
        self.moving = stream.isatty() and os.environ.get("TERM") != "dumb"
        self.period = 0.5 if self.moving else 30.0
        self.started = time.monotonic()
        self.title = self.detail = ""
        self.over = threading.Event()
        self.pulse: threading.Thread | None = None

    def begin(self, title: str) -> None:
        """Announce a step. Its time is shown from a thread: pip can be silent for minutes."""
        self.end()
        self.title, self.detail, self.started = title, "", time.monotonic()
        if not self.moving:
            self._write(f"  {title} …\n")
        self.over = threading.Event()
        self.pulse = threading.Thread(target=self._beat, args=(self.over,), daemon=True)
        self.pulse.start()

    def say(self, detail: str) -> None:
        """Set what is shown beside the running step's time."""
        self.detail = detail

    def done(self, note: str = "done") -> None:
        """Close the step with its time."""
        self.end()
        line = f"  {self.title}: {note}, {time.monotonic() - self.started:.0f} s\n"
        self._write(f"\r\033[K{line}" if self.moving else line)

    def end(self) -> None:
        """Stop the thread; the step stays as it is shown."""
        self.over.set()
        if self.pulse:
            self.pulse.join()
            self.pulse = None

    def _beat(self, over: threading.Event) -> None:
        while not over.wait(self.period):
            line = f"  {self.title} … {time.monotonic() - self.started:.0f} s  {self.detail}"
            width = shutil.get_terminal_size().columns - 1
            self._write(f"\r\033[K{line[:width]}" if self.moving else f"{line}\n")

    def _write(self, text: str) -> None:
        self.stream.write(text)
        self.stream.flush()
