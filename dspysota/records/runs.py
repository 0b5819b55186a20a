"""All cases of one experiment, and all that is needed to repeat it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Literal

from pydantic import Field

from dspysota.errors import RunError
from dspysota.records.base import Provenance, Record, Usage
from dspysota.records.cases import Case, Failure
from dspysota.records.compiling import CompileInfo
from dspysota.records.prices import Prices
from dspysota.records.serving import ServerCounts
from dspysota.records.versus import Costs, Policy, Published, Versus
from dspysota.records.watching import Watch

Role = Literal["candidate", "reference", "baseline"]
"""What a run is there for: to be compared, to be compared with, or to show how things are without any effort."""


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
    own_seed: bool = False
    """Whether the cell named its seed, other than the profile's; it is then part of the run's name."""
    sampling: dict[str, float | int | None]
    metrics: tuple[str, ...]
    primary: str
    metric_version: int = 1
    """Counted up by a task whenever a metric of the same name begins to score differently."""
    concurrency: int
    limit: int | None = None
    provenance: Provenance = "measured"
    watch: Watch | None = None
    """The claim that watched the run and could end it early; None where all questions were to be asked."""
    started: str
    """UTC, ISO 8601."""
    wall_seconds: float
    """Time in which cases were asked, summed over sessions."""
    sessions: int = 1
    """1, or more when an interrupted run was continued."""
    versions: dict[str, str] = Field(default_factory=dict)
    commit: str | None = None
    machine: dict[str, str | int | float] = Field(default_factory=dict)
    role: Role = "candidate"
    prices: Prices | None = None
    """None in runs older than this field."""
    server: ServerCounts | None = None
    """What the server counted from the first question to the last one, warm-up left out.

    None where it tells no counters, where the run was continued, and where others may have asked it too.
    """

    @property
    def origin(self) -> str | None:
        """Digest of the weights that the model came with, before any approach trained them; None where unknown."""
        return self.compile.training.base if self.compile.training else self.model.digest

    @property
    def prepared(self) -> str:
        """The approach, and who taught where that was another model."""
        return f"{self.approach}, taught by {self.compile.teacher}" if self.compile.teacher else self.approach


class Run(Record):
    """All cases of one (task, model, program, approach, seed, slice)."""

    info: RunInfo
    cases: tuple[Case, ...]
    again: tuple[Case, ...] = ()
    """Second answers to some of the questions, under the ids of their cases: no part of any score, token or second that
    is reported of the run."""

    @property
    def name(self) -> str:
        """Short human name: task, model, program, approach, and the adapter where it is not the plain one.

        A seed of its own comes last.
        """
        return " · ".join([self.unseeded, *([f"seed {self.info.seed}"] if self.info.own_seed else [])])

    @property
    def unseeded(self) -> str:
        """The name that runs with other seeds share."""
        parts = [self.info.data.name, self.info.model.name, self.info.program, self.info.prepared]
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

    def vs(
        self,
        reference: Run | Sequence[Run] | Published,
        *,
        seeds: Sequence[Run] = (),
        costs: Costs | None = None,
        policy: Policy | None = None,
        notes: Sequence[str] = (),
    ) -> Versus:
        """This run beside a reference, for `assert run.vs(reference) >= Claim(quality=0.9, cost=0.05)`.

        `seeds` are further runs of the same program on the same examples, prepared with other seeds; a reference may
        come as several such runs, too. `costs` are needed where the claim names a cost. `policy` and `notes` say how
        the reference was chosen.
        """
        if isinstance(reference, Run):
            reference = (reference,)
        return Versus(
            runs=(self, *seeds),
            reference=reference if isinstance(reference, Published) else tuple(reference),
            costs=costs,
            policy=policy,
            notes=tuple(notes),
        )

    @property
    def ended_early(self) -> bool:
        """Whether a decided claim ended the run before all questions were asked."""
        watch = self.info.watch
        return watch is not None and watch.outcome is not None and len(self.cases) < self.info.data.rows

    def only(self, ids: Sequence[str]) -> Run:
        """The run with these cases only, in this order. Raises RunError where it lacks one."""
        by_id = {case.case_id: case for case in self.cases}
        missing = [one for one in ids if one not in by_id]
        if missing:
            raise RunError(f"{self.name} has no case {missing[0]!r} ({len(missing):,} are missing).")
        return self.model_copy(update={"cases": tuple(by_id[one] for one in ids)})

    @property
    def usage(self) -> Usage:
        """Tokens of all cases (compilation not included)."""
        total = Usage()
        for case in self.cases:
            total = total + case.usage
        return total

    @property
    def again_usage(self) -> Usage:
        """Tokens of the second answers."""
        total = Usage()
        for case in self.again:
            total = total + case.usage
        return total

    @property
    def tokens_per_question(self) -> float | None:
        """Prompt and completion tokens a case, on average; None without cases, and where the server did not say."""
        total = self.usage.total_tokens
        return total / len(self.cases) if total is not None and self.cases else None

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
