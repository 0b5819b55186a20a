"""What a command has spent so far, in one small file of its run folder that all of its processes read and add to.

    spending.jsonl      one line a request or question: {"aside": dollars set aside (or given back), "spent": dollars},
                        or {"stopped": the limit that was reached}

A question in flight is set aside with the most that it may take. What a killed process had set aside stays so: the
server may have charged it.
"""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

from filelock import FileLock

from dspysota.errors import RunError
from dspysota.store.lines import place

FILE = "spending.jsonl"


class Spending:
    """The file of one run folder. Safe to use from many threads and processes; amounts are in US dollars.

    Raises RunError where the file cannot be read or written.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._lock = FileLock(folder / f".{FILE}.lock", thread_local=False)
        self._mutex = threading.Lock()
        self._read = 0
        self._spent = 0.0
        self._aside = 0.0
        self._stopped: set[float] = set()

    @property
    def spent(self) -> float:
        """Dollars spent by all sessions and processes, with what is set aside for questions in flight."""
        with self._mutex:
            self._catch_up()
            return self._spent + self._aside

    def stopped_at(self, limit: float) -> bool:
        """Whether a process has stopped at this very limit."""
        with self._mutex:
            self._catch_up()
            return limit in self._stopped

    def set_aside(self, most: float, limit: float | None) -> bool:
        """Set aside the most that something may take, unless it might then be more than `limit` in all."""
        with self._mutex, self._lock:
            self._catch_up()
            if limit is not None and self._spent + self._aside + most > limit:
                return False
            self._add({"aside": most})
            return True

    def settle(self, aside: float, spent: float) -> None:
        """Replace what was set aside by what was spent."""
        with self._mutex, self._lock:
            self._add({"aside": -aside, "spent": spent})

    def stop(self, limit: float) -> None:
        """Tell all processes that nothing more is to be asked under this limit."""
        with self._mutex, self._lock:
            self._add({"stopped": limit})

    def _add(self, entry: dict[str, float]) -> None:
        """To be called under the lock: so a torn line, which a kill left, can be ended before the next."""
        try:
            handle = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o666)
            try:
                size = os.fstat(handle).st_size
                torn = size > 0 and os.pread(handle, 1, size - 1) != b"\n"
                os.write(handle, b"\n" * torn + json.dumps(entry).encode() + b"\n")
            finally:
                os.close(handle)
        except OSError as wrong:
            raise RunError(f'"{place(self._path)}" cannot be written: {wrong.strerror}.') from None

    def _catch_up(self) -> None:
        """Read what was added since the last time; a line that cannot be read was torn by a kill, and was no more."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._read)
                data = file.read()
        except FileNotFoundError:
            return
        except OSError as wrong:
            raise RunError(f'"{place(self._path)}" cannot be read: {wrong.strerror}.') from None
        whole = data[: data.rfind(b"\n") + 1]
        self._read += len(whole)
        for line in whole.splitlines():
            try:
                entry = json.loads(line)
                aside, spent = float(entry.get("aside", 0.0)), float(entry.get("spent", 0.0))
            except (ValueError, TypeError, AttributeError):
                continue
            self._aside += aside
            self._spent += spent
            if "stopped" in entry:
                self._stopped.add(float(entry["stopped"]))
