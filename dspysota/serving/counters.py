"""What a vLLM server counts by itself, read from its `/metrics` beside `/v1`.

Names as in vLLM 0.32 (`vllm/v1/metrics/loggers.py`), in the text format of Prometheus. The counts of a run are the
difference of two readings; a server that has no such page, or is no vLLM, tells nothing, which is no error.
"""

from __future__ import annotations

import re
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import urllib3
from urllib3.exceptions import HTTPError

from dspysota.records import ServerCounts, Timed
from dspysota.serving.endpoint import Endpoint
from dspysota.untrusted import Unbounded, read_within

TIMEOUT = 5.0
"""Seconds that one reading may take."""
MAX_PAGE = 4 * 1024 * 1024
"""Bytes of a page that are read at most; one of vLLM 0.32 is below 200 kB an engine."""
MAX_LINE = 2_000
"""Characters of a line that are looked at: the parser's time grows with their square."""

REST_SECONDS = 10.0
"""How long a server may take to come to rest after the last answer."""
PAUSE = 0.05
"""Seconds between two readings meanwhile."""

COUNTERS = {
    "vllm:prompt_tokens_total": "prompt_tokens",
    "vllm:generation_tokens_total": "generation_tokens",
    "vllm:num_preemptions_total": "preemptions",
    "vllm:prefix_cache_queries_total": "cache_queries",
    "vllm:prefix_cache_hits_total": "cache_hits",
}
TIMES = {
    "vllm:request_queue_time_seconds": "queue",
    "vllm:request_prefill_time_seconds": "prefill",
    "vllm:request_decode_time_seconds": "decode",
    "vllm:time_to_first_token_seconds": "first_token",
}
FINISHED = "vllm:request_success_total"
IN_FLIGHT = ("vllm:num_requests_running", "vllm:num_requests_waiting")
WANTED = frozenset({*COUNTERS, *(name + end for name in TIMES for end in ("_sum", "_count")), FINISHED, *IN_FLIGHT})


@dataclass(frozen=True)
class Reading:
    """The counters at one moment, and how many requests the server was working on or had waiting."""

    counts: ServerCounts
    in_flight: int


@dataclass
class _Sums:
    """Values of one model, summed over engines."""

    values: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    finished: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))


def settled(
    look: Callable[[], Reading | None],
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> ServerCounts | None:
    """The counters of a server at rest, seen through `look`: nothing in flight, and two readings that are equal.

    A server may count the last answer a moment after it gave it. None where it tells no counters, and where it does
    not come to rest within ten seconds.
    """
    deadline, last = clock() + REST_SECONDS, None
    while (reading := look()) is not None:
        if reading.in_flight == 0 and reading == last:
            return reading.counts
        if clock() >= deadline:
            return None
        last = reading
        sleep(PAUSE)
    return None


def read(endpoint: Endpoint) -> Reading | None:
    """The counters of the endpoint's model now; None where the server does not tell them, whatever the reason.

    Takes at most about five seconds. The key is not sent: vLLM asks for none here.
    """
    page = _page(re.sub(r"/v\d[^/]*(/.*)?$", "", endpoint.base_url) + "/metrics")
    return None if page is None else parse(page, endpoint.served_name)


def parse(page: str, model: str) -> Reading | None:
    """Read a page of metrics; None where it has not the counters of a vLLM that serves `model`.

    A server names its model by the first of the names that it serves it under: where `model` is another of them, and
    the page knows one model only, it is that one.

    >>> page = '''vllm:prompt_tokens_total{engine="0",model_name="m"} 12.0
    ... vllm:generation_tokens_total{engine="0",model_name="m"} 3.0'''
    >>> parse(page, "m").counts.prompt_tokens, parse("llamacpp:prompt_tokens_total 12", "m")
    (12, None)
    """
    found: dict[str, _Sums] = defaultdict(_Sums)
    for name, labels, value in _samples(page):
        sums = found[labels.get("model_name", "")]
        if name == FINISHED:
            sums.finished[labels.get("finished_reason", "")] += value
        else:
            sums.values[name] += value
    sums = found.get(model) or (next(iter(found.values())) if len(found) == 1 else _Sums())
    try:
        return _reading(sums)
    except (KeyError, ValueError, OverflowError):  # a ValidationError is a ValueError
        return None


def _reading(sums: _Sums) -> Reading:
    """Raises KeyError without the counters of tokens, and what a number does that is none."""
    values = sums.values
    counts = {field_: int(values[name]) for name, field_ in COUNTERS.items() if name in values}
    if not {"prompt_tokens", "generation_tokens"} <= counts.keys():
        raise KeyError("no counters of tokens")
    times = {
        field_: Timed(seconds=values[f"{name}_sum"], count=int(values[f"{name}_count"]))
        for name, field_ in TIMES.items()
        if f"{name}_sum" in values and f"{name}_count" in values
    }
    finished = {reason: int(n) for reason, n in sums.finished.items() if n}
    in_flight = sum(int(values[name]) for name in IN_FLIGHT if name in values)
    return Reading(ServerCounts.model_validate({**counts, **times, "finished": finished}), in_flight)


def _samples(page: str) -> list[tuple[str, Mapping[str, str], float]]:
    """The samples that are of interest; none of a page that is no page of metrics."""
    from prometheus_client.parser import text_string_to_metric_families  # late: seldom needed

    lines = [line for line in page.splitlines() if len(line) <= MAX_LINE and _name(line) in WANTED]
    try:
        families = list(text_string_to_metric_families("\n".join(lines)))
        return [(one.name, one.labels, float(one.value)) for family in families for one in family.samples]
    except (ValueError, LookupError, TypeError, OverflowError):
        return []


def _name(line: str) -> str:
    return re.split(r"[{\s]", line, maxsplit=1)[0]


def _page(url: str) -> str | None:
    deadline = time.monotonic() + TIMEOUT
    try:
        with urllib3.PoolManager(retries=False) as pool:
            reply = pool.request("GET", url, timeout=TIMEOUT, redirect=False, preload_content=False)
            data = read_within(reply, MAX_PAGE, lambda: time.monotonic() > deadline)
    except (HTTPError, Unbounded, OSError):
        return None
    return data.decode("utf-8", "replace") if reply.status == 200 else None
