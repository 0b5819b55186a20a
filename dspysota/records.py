"""The frozen values that cross every boundary, JSON in and JSON out.

Data makes five hops and never goes back: Task -> Program -> Case -> Run -> (verdict | store -> report).
Times are seconds, money is US dollars, scores are in [0, 1], token counts are those of the server.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from statistics import fmean
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from dspysota.errors import RunError

SCHEMA = 1
"""Version of the stored format; a reader refuses a newer one."""

Provenance = Literal["measured", "replayed", "published"]


class Record(BaseModel):
    """Base of all records: frozen, keyword-only, unknown fields refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="strings")


class Failure(StrEnum):
    """Why a case did not earn full marks. The first class that fits is taken, in this order."""

    SERVER_ERROR = "server error"
    TIMEOUT = "timeout"
    REFUSED = "refused"
    CONTEXT_OVERFLOW = "context overflow"
    PROGRAM_ERROR = "program error"
    TRUNCATED = "truncated"
    UNPARSABLE = "unparsable"
    RETRIEVAL_MISS = "retrieval miss"
    WRONG = "wrong"


ERRORS = frozenset(
    {Failure.SERVER_ERROR, Failure.TIMEOUT, Failure.REFUSED, Failure.CONTEXT_OVERFLOW, Failure.PROGRAM_ERROR}
)
"""The failures in which no answer was obtained at all; the others are answers that did not earn full marks."""


class Usage(Record):
    """Tokens as the server counted them; `cached_tokens` is None where the server does not say."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int | None = None

    def __add__(self, other: Usage) -> Usage:
        known = [u.cached_tokens for u in (self, other) if u.cached_tokens is not None]
        return Usage(
            prompt_tokens=self.prompt_tokens + other.prompt_tokens,
            completion_tokens=self.completion_tokens + other.completion_tokens,
            cached_tokens=sum(known) if known else None,
        )

    @property
    def total_tokens(self) -> int:
        """Prompt plus completion tokens."""
        return self.prompt_tokens + self.completion_tokens


class Message(Record):
    """One chat turn, as sent."""

    role: str
    content: str


class Example(Record):
    """One row of a task. `inputs` are the fields its programs read; `extra` is what its metrics need besides `gold`."""

    id: str
    inputs: dict[str, JsonValue]
    gold: str
    extra: dict[str, JsonValue] = Field(default_factory=dict)

    @property
    def question(self) -> str:
        """The question, which every task has among its inputs."""
        return str(self.inputs["question"])


class Call(Record):
    """One request to a model: what was really sent and what really came back.

    `seconds` is wall time from the first attempt to the answer, retries and their pauses included;
    `retry_seconds` is the share of it that failed attempts and pauses took.
    """

    messages: tuple[Message, ...]
    output: str
    usage: Usage
    seconds: float
    finish_reason: str | None = None
    first_token_seconds: float | None = None
    queue_seconds: float | None = None
    attempts: int = 1
    retry_seconds: float = 0.0
    error: str | None = None


class Answer(Record):
    """What a prepared program made of one example, before it is scored.

    `prediction` is None when no answer could be read; `failure` and `error` are set when none was obtained at all.
    `details` holds what the task wants to see besides the answer, such as retrieved titles.
    """

    prediction: str | None
    calls: tuple[Call, ...] = ()
    details: dict[str, JsonValue] = Field(default_factory=dict)
    failure: Failure | None = None
    error: str | None = None
    taken: int | None = Field(default=None, ge=0)
    """Place in `calls` of the one whose output was taken; None: the last one."""


class Case(Record):
    """One example answered by one prepared program.

    `prediction` is None when no answer could be read from the model's output. `scores` holds every metric of the task;
    a case with an error has all of them at 0.0. `failure` is None exactly when the primary score is 1.0.
    `error` is set exactly when `failure` is in `ERRORS`.
    """

    case_id: str
    question: str
    gold: str
    prediction: str | None
    scores: dict[str, float]
    failure: Failure | None = None
    error: str | None = None
    calls: tuple[Call, ...] = ()
    seconds: float
    details: dict[str, JsonValue] = Field(default_factory=dict)

    @property
    def usage(self) -> Usage:
        """Tokens of all calls."""
        total = Usage()
        for call in self.calls:
            total = total + call.usage
        return total

    @property
    def first_token_seconds(self) -> float | None:
        """Time to the first token of the first call, where the server reports it."""
        return self.calls[0].first_token_seconds if self.calls else None

    @property
    def finish_reason(self) -> str | None:
        """Why the last call stopped: `stop`, `length`, …"""
        return self.calls[-1].finish_reason if self.calls else None


class DataInfo(Record):
    """Which rows were used. `name` is the data set's true name: a twin is never labelled as the original."""

    name: str
    source: Literal["directory", "hub", "twin"]
    origin: str
    """Where the rows came from: a directory's name, a hub repository and revision, or a generator and seed."""
    split: str
    rows: int
    digest: str
    """sha256 over the canonical JSON of the rows evaluated, in order."""


class ModelInfo(Record):
    """Which model answered, and how it was served."""

    name: str
    digest: str | None
    """sha256 of the weights as published; None for an endpoint that does not say."""
    source: str | None = None
    """Where the weights came from and what was done to them; None for an endpoint."""
    backend: Literal["vllm-cpu", "vllm-cuda", "endpoint", "fake"]
    served_name: str
    base_url: str
    server_flags: tuple[str, ...] = ()
    server_env: dict[str, str] = Field(default_factory=dict)
    context_length: int | None = None
    parameters: float | None = None


class CompileInfo(Record):
    """What it took to prepare the program. All zero for approaches that ask no model."""

    program_digest: str
    """sha256 of the saved program's JSON."""
    calls: int = 0
    usage: Usage = Usage()
    seconds: float = 0.0
    reused: bool = False
    """True when the program was loaded instead of compiled; the figures are then those of its compilation."""
    notes: tuple[str, ...] = ()


class RunInfo(Record):
    """Everything needed to repeat a run."""

    key: str
    """Digest of what determines the outcome; cases are continued only under the same key."""
    task: str
    program: str
    approach: str
    adapter: str
    model: ModelInfo
    data: DataInfo
    compile: CompileInfo
    seed: int
    sampling: dict[str, float | int | None]
    metrics: tuple[str, ...]
    primary: str
    concurrency: int
    limit: int | None = None
    provenance: Provenance = "measured"
    started: str
    """UTC, ISO 8601."""
    wall_seconds: float
    """Time in which cases were asked, summed over sessions."""
    sessions: int = 1
    """1, or more when an interrupted run was continued."""
    versions: dict[str, str] = Field(default_factory=dict)
    commit: str | None = None
    machine: dict[str, str | int | float] = Field(default_factory=dict)


class Run(Record):
    """All cases of one (task, model, program, approach, seed, slice)."""

    info: RunInfo
    cases: tuple[Case, ...]

    @property
    def name(self) -> str:
        """Short human name: task, model, approach, and the adapter where it is not the plain one."""
        parts = [self.info.data.name, self.info.model.name, self.info.program, self.info.approach]
        if self.info.adapter != "plain":
            parts.append(self.info.adapter)
        return " · ".join(parts)

    def scores(self, metric: str | None = None) -> list[float]:
        """Score of every case, in order; the primary metric by default. Raises RunError for an unknown metric."""
        metric = metric or self.info.primary
        if metric not in self.info.metrics:
            raise RunError(f"{self.info.task} has no metric {metric!r}; it has {', '.join(self.info.metrics)}.")
        return [case.scores[metric] for case in self.cases]

    def score(self, metric: str | None = None) -> float:
        """Mean score in [0, 1]; an error counts as 0. Raises RunError on an empty run."""
        if not self.cases:
            raise RunError(f"{self.name} has no cases, so it has no score.")
        return fmean(self.scores(metric))

    @property
    def usage(self) -> Usage:
        """Tokens of all cases (compilation not included)."""
        total = Usage()
        for case in self.cases:
            total = total + case.usage
        return total

    @property
    def errors(self) -> int:
        """Number of cases in which no answer was obtained at all."""
        return sum(case.error is not None for case in self.cases)

    def failures(self) -> Mapping[Failure, int]:
        """Number of cases of each failure class that occurs."""
        counts: dict[Failure, int] = {}
        for failure in Failure:
            n = sum(case.failure == failure for case in self.cases)
            if n:
                counts[failure] = n
        return counts
