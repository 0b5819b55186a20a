"""What a profile says, as frozen values."""

from __future__ import annotations

import hashlib
from typing import Annotated, Any, Literal, Self

from pydantic import Field, JsonValue, model_validator

from dspysota.claims import Claim
from dspysota.errors import ConfigError
from dspysota.records import Basis, Budget, Policy, Record, Role, TokenPrice
from dspysota.thresholds import Threshold

Bars = dict[str, dict[str, JsonValue]]
"""Thresholds by data name (`gsm8k`, `gsm_symbolic`, …) or `any`: names of bars and their numbers."""


MOST_AT_ONCE = 4096
"""Questions in flight at most: each has a thread and a connection, and no server answers more at once."""

Concurrency = Annotated[int, Field(ge=1, le=MOST_AT_ONCE)]
"""How many questions are kept in flight."""


def check_at_once(concurrency: int) -> None:
    """Raise ConfigError for a number of questions that cannot be in flight together."""
    if type(concurrency) is not int or not 1 <= concurrency <= MOST_AT_ONCE:
        raise ConfigError(f"A concurrency of {concurrency!r} cannot be; give 1 to {MOST_AT_ONCE}.")


class Optimize(Record):
    """How programs may be searched for: by whom, on how many rows, and at what expense."""

    teacher: str | None = None
    """Model whose answers become demonstrations and that proposes instructions; None: the program's own."""
    train: int = Field(default=96, ge=1)
    """Training rows that may be asked, at most."""
    validation: int = Field(default=48, ge=1)
    """Validation rows by which candidates are chosen, at most."""
    budget: Budget = Budget(calls=4000)
    """The most that one compilation may take."""
    settings: dict[str, dict[str, JsonValue]] = Field(default_factory=dict)
    """Settings of single approaches, by their names."""


class ModelUse(Record):
    """How one model is reached: by default our own server, or an OpenAI-compatible endpoint by URL.

    `base_url` and `base_url_env` (the name of an environment variable that holds the URL) exclude each other.
    The other fields are options of our own server; `None` leaves the choice to the catalog.
    """

    base_url: str | None = None
    base_url_env: str | None = None
    api_key_env: str | None = None
    """Name of the environment variable with the endpoint's key; the key itself is never written down."""
    api_key_required: bool = True
    """False: where that variable is not set, the endpoint is asked without a key."""
    max_model_len: int | None = Field(default=None, ge=128)
    kv_cache_gib: int = Field(default=2, ge=1)
    eager: bool = True
    extra_flags: tuple[str, ...] = ()
    price: TokenPrice | None = None
    """What its tokens cost; without one nothing is said about list prices."""
    usd_per_hour: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    """What the machine that serves it costs, whole; without one nothing is said about machine prices."""


PRICING = frozenset({"price", "usd_per_hour"})
"""Fields of a ModelUse that decide nothing but what a run is said to cost."""


class Cell(Record):
    """One experiment of the grid: a task, answered by a model through a program prepared by an approach."""

    id: str
    """What pytest shows, such as `qwen2.5-coder-0.5b-bootstrap`; unique within task and profile."""
    task: str
    model: str
    program: str
    approach: str
    adapter: str = "plain"
    rows: int | None = Field(default=None, ge=1)
    """Test questions to ask: the first so many of the seeded order; None asks all."""
    thresholds: Bars = Field(default_factory=dict)
    role: Role = "candidate"
    optimize: Optimize = Optimize()
    seed: int | None = None
    """What its program is prepared and its samples are drawn by, never which rows are asked; None: the profile's."""

    def threshold(self, data_name: str) -> Threshold:
        """The bar for runs on the data set `data_name`: that of `any` data, with the data set's own on top."""
        return Threshold.of({**self.thresholds.get("any", {}), **self.thresholds.get(data_name, {})})

    def same_but_seed(self, other: Cell) -> bool:
        """Whether two cells differ by seed at most. Bars do not count: they decide nothing that is measured."""
        plain: dict[str, object] = {"id": "", "seed": None, "thresholds": {}}
        return self.model_copy(update=plain) == other.model_copy(update=plain)


Inconclusive = Literal["fail", "warn"]
"""What a claim that is neither shown nor refuted does to its test."""


class ClaimTerms(Record):
    """What the profile claims of each candidate of a task."""

    quality_ratio: float | None = Field(default=None, gt=0)
    """Candidate's score over the reference's, at least."""
    cost_ratio: float | None = Field(default=None, gt=0)
    """Candidate's cost a question over the reference's, at most."""
    policy: Policy = "baseline"
    """Which run of the reference's model it is measured against."""
    alpha: float = 0.05
    """Error rate of the verdict."""
    gate: bool = True
    """False where the verdict is for reading: it stands in every report, and fails no test."""

    @model_validator(mode="after")
    def _make_sense(self) -> Self:
        try:
            self.claim()
        except ConfigError as error:
            raise ValueError(str(error)) from error
        return self

    def claim(self) -> Claim:
        """The claim that a verdict is about. Raises ConfigError for terms that make none."""
        return Claim(quality=self.quality_ratio, cost=self.cost_ratio, alpha=self.alpha)

    def sentence(self) -> str:
        """The claim in words."""
        parts = [
            f"{what} {bound} {ratio:g} of the reference's"
            for what, bound, ratio in (
                ("quality", "at least", self.quality_ratio),
                ("cost", "at most", self.cost_ratio),
            )
            if ratio is not None
        ]
        return f"{' and '.join(parts)} ({self.policy}), error rate {self.alpha:.0%}"


class Profile(Record):
    """One experiment grid, read from YAML and checked."""

    name: str
    description: str = ""
    seed: int = 0
    concurrency: Concurrency = 16
    """Questions kept in flight at the server."""
    models: dict[str, ModelUse] = Field(default_factory=dict)
    cells: tuple[Cell, ...] = ()
    cost: Basis | None = None
    """The basis by which claims count cost."""
    claims: dict[str, ClaimTerms] = Field(default_factory=dict)
    """By task, or `any` for the tasks that have none of their own."""
    inconclusive: Inconclusive | None = None
    """What an undecided claim does, where neither command line, environment nor ini file says."""
    references: dict[str, str] = Field(default_factory=dict)
    """By task, a run folder, relative to the project's root, whose runs are taken instead of measuring the reference's
    model."""

    def of_task(self, task: str) -> tuple[Cell, ...]:
        """The task's cells, in the profile's order."""
        return tuple(cell for cell in self.cells if cell.task == task)

    def reference(self, task: str) -> Cell | None:
        """The cell that the task's other cells are compared with, where the profile names one."""
        return next((cell for cell in self.of_task(task) if cell.role == "reference"), None)

    def seeds(self, cell: Cell) -> tuple[Cell, ...]:
        """The cells that differ from one by seed alone, itself among them, in the profile's order.

        A cell that is not the profile's stands alone.
        """
        group = tuple(one for one in self.of_task(cell.task) if one.same_but_seed(cell))
        return group if cell in group else (cell,)

    def terms(self, task: str) -> ClaimTerms | None:
        """What is claimed of the task's candidates; None where nothing is."""
        return self.claims.get(task, self.claims.get("any"))

    def claimed(self, cell: Cell) -> ClaimTerms | None:
        """What is claimed of a cell; None for one that is no candidate, or is of the reference's model itself."""
        reference = self.reference(cell.task)
        candidate = cell.role == "candidate" and (reference is None or cell.model != reference.model)
        return self.terms(cell.task) if candidate else None

    def use(self, model: str) -> ModelUse:
        """How `model` is reached; our own server with default options where the profile says nothing."""
        return self.models.get(model, ModelUse())

    @property
    def digest(self) -> str:
        """sha256 of what the profile says that a measurement depends on: not layout, comments and the file's place.

        Prices do not count either: what was measured stays what it is when they change.
        """
        unpriced: dict[str, Any] = {"cost": True, "models": {"__all__": set(PRICING)}}
        return hashlib.sha256(self.model_dump_json(exclude=unpriced).encode()).hexdigest()
