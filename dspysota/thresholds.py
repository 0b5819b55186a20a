"""Bars that a run must clear, and sentences that say which it missed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, fields
from difflib import get_close_matches

from dspysota import costs
from dspysota.errors import ConfigError, RunError
from dspysota.latency import Spread, of_run
from dspysota.records import Failure, Run
from dspysota.stats import mean_interval

Witness = Callable[[Run, Sequence[str]], None]
"""Called with a run that was judged and the sentences of the bars that it missed."""

# A context variable and no argument, because Python's `>=` stands between the two ends.
_WITNESS: ContextVar[Witness | None] = ContextVar("dspysota_threshold_witness", default=None)

SECONDS = {"p50_seconds": 50, "p90_seconds": 90, "p95_seconds": 95, "p99_seconds": 99}
"""The latency bars of a question, and the percentile that each one reads."""
FIRST_TOKEN = "first_token_p50_seconds"


@dataclass(frozen=True, kw_only=True)
class Threshold:
    """What a run must reach: `assert run >= Threshold(accuracy=0.9, p95_seconds=2.0)`. A bar of None is not judged.

    accuracy             least mean of the task's primary metric, in 0..1
    f1, em               least mean of the metric of that name, in 0..1
    scores               the same for any other metric, by its exact name
    p50_seconds, p90_seconds, p95_seconds, p99_seconds
                         most seconds that half (90%, 95%, 99%) of the cases may take, retries included; only measured
                         runs can clear it, since a replayed or published latency says nothing about this machine
    first_token_p50_seconds
                         the same for half of the questions' first tokens; a server that does not report them for every
                         answer cannot clear it
    tokens_per_question  most prompt and completion tokens a case, on average; a server that does not report them for
                         every answer cannot clear it
    usd_per_question     most US dollars a case, on average, by the profile's basis of cost, or by the only one in
                         dollars that is known; an unknown cost cannot clear it
    errors               most cases in which no answer was obtained at all; 0 by default, because a server that
                         failed is no finding about a model. None leaves errors to lower the score, as they always do

    A run that a decided claim ended early is judged by the cases that it has, and a missed bar says how many.

    Raises ConfigError for a bar that no run could meet or miss.
    """

    accuracy: float | None = None
    f1: float | None = None
    em: float | None = None
    scores: Mapping[str, float] = field(default_factory=dict)
    p50_seconds: float | None = None
    p90_seconds: float | None = None
    p95_seconds: float | None = None
    p99_seconds: float | None = None
    first_token_p50_seconds: float | None = None
    tokens_per_question: float | None = None
    usd_per_question: float | None = None
    errors: int | None = 0

    def __post_init__(self) -> None:
        named = {"accuracy": self.accuracy, "f1": self.f1, "em": self.em, **self.scores}
        for name, least in named.items():
            if least is not None and not (_number(least) and 0 <= least <= 1):
                raise ConfigError(f"Threshold {name}={least!r} is no score; it must lie in 0..1, such as 0.9 for 90%.")
        for name in (*SECONDS, FIRST_TOKEN, "tokens_per_question", "usd_per_question"):
            most = getattr(self, name)
            if most is not None and not (_number(most) and most > 0):
                raise ConfigError(f"Threshold {name}={most!r} can never be met; it must be a number above 0.")
        if self.errors is not None and (not isinstance(self.errors, int) or self.errors < 0):
            raise ConfigError(f"Threshold errors={self.errors!r} is no number of cases; it must be 0, 1, 2, …")

    @classmethod
    def of(cls, bars: Mapping[str, object]) -> Threshold:
        """The threshold that a profile states as names and numbers. Raises ConfigError naming an unknown bar."""
        valid = [bar.name for bar in fields(cls)]
        for name in bars:
            if name not in valid:
                near = get_close_matches(name, valid, n=1)
                hint = f"did you mean {near[0]!r}? " if near else ""
                raise ConfigError(
                    f"Threshold {name!r} is unknown; {hint}valid are {', '.join(valid)}. "
                    f"The bar of another metric goes below `scores`."
                )
        if not isinstance(bars.get("scores", {}), Mapping):
            raise ConfigError(f"Threshold scores={bars['scores']!r} must map names of metrics to numbers in 0..1.")
        return cls(**bars)  # type: ignore[arg-type]  # values are checked above, whatever their type

    def misses(self, run: Run) -> list[str]:
        """One sentence for each bar that `run` misses, none when it clears them all.

        Raises ConfigError when the task has no such metric, and RunError for a run without cases.
        """
        missed = [
            *self._score_misses(run),
            *self._error_misses(run),
            *self._latency_misses(run),
            *self._token_misses(run),
            *self._dollar_misses(run),
        ]
        if (witness := _WITNESS.get()) is not None:
            witness(run, missed)
        return missed

    def __le__(self, run: object) -> bool:
        """Whether `run` clears every bar. Python asks this for `run >= threshold`, so that records stay plain data."""
        if not isinstance(run, Run):
            return NotImplemented
        return not self.misses(run)

    def _score_misses(self, run: Run) -> Iterator[str]:
        bars = {"accuracy": self.accuracy, "f1": self.f1, "em": self.em, **self.scores}
        for name, least in bars.items():
            if least is None:
                continue
            scores = run.scores(_metric(name, run))
            mean = run.score(_metric(name, run))
            if mean < least:
                low, high = mean_interval(scores)
                asked = _asked(run)
                yield f"{name} {mean:.3f} < {least:g} (95% interval {low:.3f}..{high:.3f}, {asked})"

    def _error_misses(self, run: Run) -> Iterator[str]:
        if self.errors is None or run.errors <= self.errors:
            return
        kinds = [f"{n} {kind}" for kind, n in run.failures().items() if _is_error(run, kind)]
        yield f"{_cases(run.errors)} of {len(run.cases)} got no answer ({', '.join(kinds)}); {self.errors} allowed"

    def _latency_misses(self, run: Run) -> Iterator[str]:
        latency = of_run(run)
        for name, q in SECONDS.items():
            yield from _slower(f"p{q}", q, getattr(self, name), latency.question, run)
        most, spread = self.first_token_p50_seconds, latency.first_token
        if most is not None and run.info.provenance == "measured" and not latency.first_token_told:
            told, answered = (spread.n, spread.of) if spread else (0, len(run.cases))
            yield f"first token p50 seconds cannot be judged: the server reported them for {told} of {_cases(answered)}"
            return
        yield from _slower("first token p50", 50, most, spread, run)

    def _token_misses(self, run: Run) -> Iterator[str]:
        if self.tokens_per_question is None:
            return
        usage, n = run.usage, len(run.cases)
        if usage.prompt_tokens is None or usage.completion_tokens is None:
            told = sum(case.usage.total_tokens is not None for case in run.cases)
            yield f"tokens per question cannot be judged: the server reported them for {told} of {_cases(n)}"
            return
        prompt, completion = usage.prompt_tokens / n, usage.completion_tokens / n
        if prompt + completion > self.tokens_per_question:
            yield (
                f"{prompt + completion:,.0f} tokens per question > {self.tokens_per_question:,g} "
                f"(prompt {prompt:,.0f}, completion {completion:,.0f})"
            )

    def _dollar_misses(self, run: Run) -> Iterator[str]:
        if self.usd_per_question is None:
            return
        spent, basis = costs.usd_per_question(run), costs.dollars(run)
        if spent is None or basis is None:
            yield f"dollars per question cannot be judged: {costs.undecided(run)}"
        elif spent > self.usd_per_question:
            yield f"${spent:.3g} per question > ${self.usd_per_question:g} ({costs.counted(run, basis)})"


@contextmanager
def witnessed(witness: Witness) -> Iterator[None]:
    """Tell `witness` of every run that is judged by a threshold within the block."""
    token = _WITNESS.set(witness)
    try:
        yield
    finally:
        _WITNESS.reset(token)


def _slower(name: str, q: float, most: float | None, spread: Spread | None, run: Run) -> Iterator[str]:
    """The sentence of a latency bar that is missed. Raises RunError for a run without cases."""
    if most is None:
        return
    if run.info.provenance != "measured":
        yield f"{name} seconds cannot be judged: they are {run.info.provenance}, and only measured ones count"
        return
    if spread is None:
        raise RunError(f"{run.name} has no cases, so it has no latency.")
    seconds = spread.at(q)
    if seconds > most:
        few = ", so few that it rests on the slowest" if spread.few(q) else ""
        yield f"{name} {seconds:.2f} s > {most:g} s ({_cases(spread.n)}, {run.info.concurrency} at once{few})"


def _metric(name: str, run: Run) -> str:
    metric = run.info.primary if name == "accuracy" else name
    if metric not in run.info.metrics:
        raise ConfigError(
            f"Threshold {name!r} does not fit {run.info.task}, which has no such metric; "
            f"it has {', '.join(run.info.metrics)}, and `accuracy` means {run.info.primary}."
        )
    return metric


def _is_error(run: Run, kind: Failure) -> bool:
    return any(case.failure == kind and case.error is not None for case in run.cases)


def _asked(run: Run) -> str:
    """How many cases a score rests on; of a run that its claim ended early it may lean a little, which is said."""
    n, rows = len(run.cases), run.info.data.rows
    return f"{_cases(n)} of {rows:,}, as its claim ended it early" if run.ended_early else _cases(n)


def _cases(n: int) -> str:
    return "1 case" if n == 1 else f"{n} cases"


def _number(value: object) -> bool:
    # YAML's `yes` is a bool, and a bool is an int.
    return isinstance(value, int | float) and not isinstance(value, bool)
