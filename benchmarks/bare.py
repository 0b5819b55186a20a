"""The yardstick: the least that a Python client can do with the same requests; and the table both benchmarks print."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

import urllib3


@dataclass(frozen=True)
class Pass:
    """One pass over all questions: seconds on the wall and of this process's CPU; completion tokens, cached ones."""

    wall: float
    cpu: float
    tokens: int = 0
    cached: int = 0


def timed(work: Callable[[], tuple[int, int]]) -> Pass:
    """Runs `work`, which returns (completion tokens, cached prompt tokens), on both clocks."""
    wall, cpu = time.perf_counter(), time.process_time()
    tokens, cached = work()
    return Pass(time.perf_counter() - wall, time.process_time() - cpu, tokens, cached)


class BareClient:
    """Posts ready-made bodies over pooled connections with a fixed number of threads, and reads nothing but usage."""

    def __init__(self, base_url: str, api_key: str | None = None) -> None:
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {api_key}"} if api_key else {})
        self._url = f"{base_url}/chat/completions"
        self._pool = urllib3.PoolManager(maxsize=256, headers=headers, retries=False, timeout=3600.0)

    def send(self, bodies: Sequence[bytes], concurrency: int) -> tuple[int, int]:
        """Sends all bodies; returns (completion tokens, cached prompt tokens). A status other than 200 raises."""
        left, usages, troubles = iter(bodies), list[tuple[int, int]](), list[BaseException]()
        lock = threading.Lock()

        def work() -> None:
            try:
                while not troubles and (body := self._next(left, lock)) is not None:
                    usages.append(self._post(body))
            except BaseException as trouble:  # noqa: BLE001 raised again below, in the caller's thread
                troubles.append(trouble)

        threads = [threading.Thread(target=work) for _ in range(min(concurrency, len(bodies)))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if troubles:
            raise troubles[0]
        return sum(usage[0] for usage in usages), sum(usage[1] for usage in usages)

    def _next(self, left: object, lock: threading.Lock) -> bytes | None:
        with lock:
            return next(left, None)  # type: ignore[call-overload, no-any-return]

    def _post(self, body: bytes) -> tuple[int, int]:
        response = self._pool.request("POST", self._url, body=body)
        if response.status != 200:
            raise RuntimeError(f"HTTP {response.status}: {response.data[:300]!r}")
        usage = response.json().get("usage") or {}
        return usage.get("completion_tokens", 0), (usage.get("prompt_tokens_details") or {}).get("cached_tokens") or 0


def middle(passes: Sequence[Pass]) -> float:
    """Median wall seconds."""
    return median(one.wall for one in passes)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Plain text columns, the first to the left and the others to the right."""
    widths = [max(len(row[i]) for row in (head, *rows)) for i in range(len(head))]
    lines = [head, ["-" * width for width in widths], *rows]
    return "\n".join("  ".join([line[0].ljust(widths[0]), *map(str.rjust, line[1:], widths[1:])]) for line in lines)
