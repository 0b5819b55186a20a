"""The fake server's own counters, and the page of them that vLLM 0.32 writes at /metrics."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

COUNTERS = {
    "num_preemptions": "Cumulative number of preemption from the engine.",
    "prompt_tokens": "Number of prefill tokens processed.",
    "generation_tokens": "Number of generation tokens processed.",
    "prefix_cache_queries": "Prefix cache queries, in terms of number of queried tokens.",
    "prefix_cache_hits": "Prefix cache hits, in terms of number of cached tokens.",
}
SECONDS = {
    "time_to_first_token_seconds": "Histogram of time to first token in seconds.",
    "request_queue_time_seconds": "Histogram of time spent in WAITING phase for request.",
    "request_prefill_time_seconds": "Histogram of time spent in PREFILL phase for request.",
    "request_decode_time_seconds": "Histogram of time spent in DECODE phase for request.",
}
REASONS = ("stop", "length", "abort", "error", "repetition")
BUCKETS = (0.3, 0.5, 0.8, 1.0, 1.5, 2.0, 2.5, 5.0, 10.0, 15.0, 20.0, 30.0, 40.0, 50.0, 60.0)


@dataclass
class _Histogram:
    """Seconds observed."""

    values: list[int] = field(default_factory=lambda: [0] * (len(BUCKETS) + 1))
    sum: float = 0.0

    def observe(self, seconds: float) -> None:
        self.sum += seconds
        place = next((i for i, bound in enumerate(BUCKETS) if seconds <= bound), len(BUCKETS))
        self.values[place] += 1


class Counts:
    """What was done, as a server counts it: also for a client that never saw the answer, or has gone."""

    def __init__(self) -> None:
        self.total: Counter[str] = Counter()
        self._finished: Counter[str] = Counter()
        self._seconds = {name: _Histogram() for name in SECONDS}

    def prompt(self, tokens: int) -> None:
        """A prompt was read. Nothing of it is ever found in the cache."""
        self.total["prompt_tokens"] += tokens
        self.total["prefix_cache_queries"] += tokens

    def finish(self, reason: str, tokens: int, *, first: float, whole: float) -> None:
        """A request ended after `tokens` were made: the first after `first` seconds, the last after `whole`."""
        self.total["generation_tokens"] += tokens
        self._finished[reason] += 1
        times = {"time_to_first_token": first, "request_queue_time": 0.0, "request_prefill_time": first,
                 "request_decode_time": whole - first}  # fmt: skip
        for name, seconds in times.items():
            self._seconds[f"{name}_seconds"].observe(seconds)

    def page(self, model: str, in_flight: int) -> bytes:
        """All counters in the text format of Prometheus."""
        return "\n".join([*self._lines(f'engine="0",model_name="{model}"', in_flight), ""]).encode()

    def _lines(self, labels: str, in_flight: int) -> Iterator[str]:
        for name, value, what in (
            ("num_requests_running", in_flight, "Number of requests in model execution batches."),
            ("num_requests_waiting", 0, "Number of requests waiting to be processed."),
        ):
            yield from _head(name, what, "gauge")
            yield f"vllm:{name}{{{labels}}} {float(value)}"
        for name, what in COUNTERS.items():
            yield from _head(f"{name}_total", what, "counter")
            yield f"vllm:{name}_total{{{labels}}} {float(self.total[name])}"
        yield from _head("request_success_total", "Count of successfully processed requests.", "counter")
        for reason in REASONS:
            labeled = f'engine="0",finished_reason="{reason}",{labels.partition(",")[2]}'
            yield f"vllm:request_success_total{{{labeled}}} {float(self._finished[reason])}"
        for name, what in SECONDS.items():
            yield from _head(name, what, "histogram")
            yield from self._buckets(name, labels)

    def _buckets(self, name: str, labels: str) -> Iterator[str]:
        histogram, so_far = self._seconds[name], 0
        for bound, n in zip((*BUCKETS, "+Inf"), histogram.values, strict=True):
            so_far += n
            yield f'vllm:{name}_bucket{{{labels.replace(",", f""",le="{bound}",""", 1)}}} {float(so_far)}'
        yield f"vllm:{name}_count{{{labels}}} {float(so_far)}"
        yield f"vllm:{name}_sum{{{labels}}} {histogram.sum}"


def _head(name: str, what: str, kind: str) -> tuple[str, str]:
    return f"# HELP vllm:{name} {what}", f"# TYPE vllm:{name} {kind}"
