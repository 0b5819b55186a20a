"""The tape of one compilation: every request it paid for, written down as it ends, and never paid again.

An optimizer is a deterministic function of its rows, its seed and the answers it gets. So whatever optimizer it is,
one that was killed continues by starting over: the tape answers what was asked before, and only what is new is sent.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import NoReturn

from filelock import FileLock, Timeout
from pydantic import ValidationError

from dspysota.compiling.budget import BudgetSpentError, Guard, Purse, Share
from dspysota.compiling.entries import LASTING, Entry, Sent, Weight, phases, session_seconds
from dspysota.errors import LimitReachedError, MetricError, ProgramError, SotaError
from dspysota.records import Budget, Call, Phase, TokenPrice

WAIT_SECONDS = 10.0
"""How long a tape that another process holds is waited for."""

HOPELESS = 10
"""Requests of a session after which no more are sent if every one of them failed: the others would, too."""


class Tape:
    """Asks each request once, at most `concurrency` at a time, and inside the budget. Safe to use from many threads.

    `path` is an append-only file, None for a tape that is not kept. `prices` are by model name; a model without one
    costs nothing that could be counted, so a budget in dollars needs one for every model. `guard` stands for the limits
    of the whole session, this compilation included. Raises ProgramError when the file is held by another process or
    cannot be read.
    """

    def __init__(
        self,
        path: Path | None,
        budget: Budget,
        *,
        concurrency: int,
        prices: Mapping[str, TokenPrice] | None = None,
        guard: Guard | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._prices = prices or {}
        self._guard = guard
        self.budget = budget
        self._purse = Purse(budget)
        self._clock = clock
        self._started = clock()
        self._concurrency = concurrency
        self._change = threading.Condition()
        self._answers: dict[str, Call] = {}
        self._entries: list[Entry] = []
        self._under_way: set[str] = set()
        self._closed = False
        self._answered_now = False
        self.stopped: str | None = None
        """The bound that was reached, None while there is budget."""
        self.halted: str | None = None
        """Why the session's limits ended it, in a sentence; what was found by then is no result, but can be gone on
        with."""
        self.given_up: str | None = None
        """The last error of a session whose every request failed, ten of them or more."""
        self.uncounted: str | None = None
        """The model that does not report tokens although the budget counts them, or dollars."""
        self.ended: MetricError | None = None
        """What ended it whatever the server says: a metric that fails now would fail at every answer."""
        self._path = path
        self._owner = FileLock(f"{path}.lock", thread_local=False) if path else None
        self._file = -1
        if path is not None:
            self._open(path)
        self._earlier = session_seconds(self._entries)
        self._session = max((entry.session for entry in self._entries), default=0) + 1

    def __enter__(self) -> Tape:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def seconds(self) -> float:
        """Wall time of this session and of those before it, each to its last request."""
        return self._earlier + self._clock() - self._started

    @property
    def sessions(self) -> int:
        """Sessions so far, this one included."""
        return self._session

    @property
    def calls(self) -> int:
        """Requests paid for so far, in all sessions."""
        return self._purse.calls

    def ask(self, key: str, weight: Weight, phase: str, model: str, send: Callable[[], Sent]) -> tuple[Call, bool]:
        """Return the call of a request, and whether it was sent just now instead of being on the tape already.

        `key` is a digest of everything that is sent. The same request from two threads is sent once. `send` sends it
        and returns its record, also of one that failed (`error`): that is paid for, but asked again the next time.
        Raises BudgetSpentError, without sending, once the budget cannot hold one more request or the tape gave up.
        """
        share = self._admit(key, weight, self._prices.get(model))
        if isinstance(share, Call):
            return share, False
        sent: Sent | None = None
        try:
            sent = send()
        finally:
            self._settle(key, share, sent, phase, model)
        return sent.call, True

    @property
    def unlucky(self) -> int:
        """Requests that failed in this session and might not have failed on another day."""
        mine = [entry for entry in list(self._entries) if entry.session == self._session]
        return sum(entry.call.error is not None and entry.failure not in LASTING for entry in mine)

    def phases(self) -> tuple[Phase, ...]:
        """Return what each phase took, in the order in which they began."""
        return phases(list(self._entries), self._prices)

    @contextmanager
    def going_on(self) -> Iterator[None]:
        """Raise LimitReachedError where the session's limits ended the block, whatever it made of that.

        The best program so far is no result then, as it is where a budget ends a search: the search will go on.
        """
        try:
            yield
        except SotaError:
            if self.halted is None:
                raise
        if self.halted is not None:
            raise LimitReachedError(self.halted)

    def end(self, error: MetricError) -> None:
        """Send nothing more, since the metric failed; the first error stays."""
        with self._change:
            self.ended = self.ended or error
            self._change.notify_all()

    def close(self, *, remove: bool = False) -> None:
        """Send nothing more, and let go of the file, or delete it. Harmless to repeat."""
        with self._change:
            self._closed = True
            self._change.notify_all()
            if self._file >= 0:
                os.close(self._file)
                self._file = -1
            if remove and self._path is not None:
                self._path.unlink(missing_ok=True)
            if self._owner is not None:
                self._owner.release()
                if remove and self._path is not None:
                    Path(self._owner.lock_file).unlink(missing_ok=True)

    def _admit(self, key: str, weight: Weight, price: TokenPrice | None) -> Share | Call:
        """Wait for a place and for budget; the call itself where another thread brought it meanwhile."""
        with self._change:
            while True:
                if key in self._answers:
                    return self._answers[key]
                if why := self._over():
                    raise BudgetSpentError(why)
                if key not in self._under_way and len(self._under_way) < self._concurrency:
                    share = self._purse.share(weight.prompt_bytes, weight.max_tokens, price)
                    lacks = self.stopped or self._purse.lacks(share, self.seconds)
                    halt = self._guard.admit(share.usd) if self._guard and lacks is None else None
                    if lacks is None and halt is None:
                        self._purse.set_aside(share)
                        self._under_way.add(key)
                        return share
                    if self.stopped or not self._purse.waiting_helps:
                        self._end(lacks, halt)
                self._change.wait()

    def _end(self, lacks: str | None, halt: str | None) -> NoReturn:
        """Raise BudgetSpentError, and have all others that wait raise it, too."""
        self.stopped = lacks or "the session"
        if halt is not None and self._guard is not None:
            self.halted = halt
            self._guard.stop(halt)
        self._change.notify_all()
        raise BudgetSpentError(self.halted or f"The budget of {self.stopped} is spent.")

    def _over(self) -> str | None:
        """Return why nothing more is sent, whatever is left of the budget."""
        if self._closed or self.ended:
            return str(self.ended or "This compilation has ended.")
        if self.given_up:
            return f"Every request so far failed, the last with {self.given_up!r}."
        return f"{self.uncounted!r} does not report the tokens that the budget counts." if self.uncounted else None

    def _settle(self, key: str, share: Share, sent: Sent | None, phase: str, model: str) -> None:
        with self._change:
            self._under_way.discard(key)
            self._purse.settle(share, sent.call if sent else None, self._prices.get(model))
            if self._guard is not None:
                self._guard.settle(*self._took(share, sent, model))
            if sent and not self._purse.counts(sent.call):
                self.uncounted = model
            self._change.notify_all()  # heard once this block is left
            if sent is None or self._closed:
                return
            kept = sent.call.model_copy(update={"messages": ()})
            if kept.error is None:
                self._answers[key] = kept
                self._answered_now = True
            entry = Entry(
                key=key,
                phase=phase,
                model=model,
                session=self._session,
                elapsed=self._clock() - self._started,
                call=kept,
                failure=sent.failure,
            )
            self._entries.append(entry)
            self._write(entry)
            self.given_up = self._fruitless()

    def _took(self, share: Share, sent: Sent | None, model: str) -> tuple[float, float, float]:
        """Return the dollars set aside for a request, those it took, and its seconds.

        What the server did not report counts with the most that it may have been.
        """
        if sent is None:
            return share.usd, 0.0, 0.0
        price = self._prices.get(model)
        usd = price.of_usage(sent.call.usage) if price else 0.0
        return share.usd, share.usd if usd is None else usd, sent.call.seconds

    def _fruitless(self) -> str | None:
        """Return the last error where all requests of this session failed and there were enough of them."""
        if self._answered_now:
            return None
        mine = [entry.call.error for entry in self._entries if entry.session == self._session]
        return mine[-1] if len(mine) >= HOPELESS else None

    def _open(self, path: Path) -> None:
        assert self._owner is not None
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._owner.acquire(timeout=WAIT_SECONDS)
            size = self._read(path)
            self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            os.ftruncate(self._file, size)
        except Timeout:
            raise ProgramError(
                f"The same program is being compiled by another process, which holds {path.name!r}; wait until it ends."
            ) from None
        except OSError as error:
            raise ProgramError(f"The compilation cannot be kept in {str(path)!r}: {error.strerror}.") from error

    def _read(self, path: Path) -> int:
        """Take what earlier sessions paid for; return the bytes up to the end of the last whole line."""
        size = 0
        lines = path.read_bytes().splitlines(keepends=True) if path.exists() else []
        for number, line in enumerate(lines, 1):
            try:
                entry = Entry.model_validate_json(line) if line.endswith(b"\n") else None
            except ValidationError as error:
                if number < len(lines):
                    raise self._damaged(path, number) from error
                entry = None
            if entry is None:  # a write that a crash cut short
                break
            size += len(line)
            self._entries.append(entry)
            self._purse.spend(entry.call, self._prices.get(entry.model))
            if not self._purse.counts(entry.call):
                self.uncounted = entry.model
            if entry.call.error is None:
                self._answers[entry.key] = entry.call
        return size

    def _write(self, entry: Entry) -> None:
        if self._file >= 0:
            line = json.dumps(entry.model_dump(mode="json"), separators=(",", ":")).encode() + b"\n"
            os.write(self._file, line)

    @staticmethod
    def _damaged(path: Path, number: int) -> ProgramError:
        return ProgramError(
            f"Line {number} of the unfinished compilation {str(path)!r} is damaged; delete the file to start it anew."
        )
