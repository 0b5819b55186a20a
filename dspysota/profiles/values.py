"""What a profile says, as frozen values."""

from __future__ import annotations

import hashlib
from typing import Annotated, Any

from pydantic import Field, JsonValue

from dspysota.errors import ConfigError
from dspysota.records import Basis, Budget, Record, Role, TokenPrice
from dspysota.thresholds import Threshold

Bars = dict[str, dict[str, JsonValue]]
"""Thresholds by data name (`gsm8k`, `gsm_symbolic`, …) or `any`: names of bars and their numbers."""


MOST_AT_ONCE = 4096
"""Questions in flight at most: each has a thread and a connection, and no server answers more at once."""

Concurrency = Annotated[int, Field(ge=1, le=MOST_AT_ONCE)]
"""How many questions are kept in flight."""


def check_at_once(concurrency: int) -> None:
    """Raise ConfigError for a number of questions that cannot be in flight together."""
    if not 1 <= concurrency <= MOST_AT_ONCE:
        raise ConfigError(f"A concurrency of {concurrency} cannot be; give 1 to {MOST_AT_ONCE}.")


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

    def threshold(self, data_name: str) -> Threshold:
        """The bar for runs on the data set `data_name`: that of `any` data, with the data set's own on top."""
        return Threshold.of({**self.thresholds.get("any", {}), **self.thresholds.get(data_name, {})})


class Claim(Record):
    """What the profile sets out to show; version 0.1 records and describes it, and never decides it."""

    quality_ratio: float = Field(gt=0)
    """Candidate's score over the reference's, at least."""
    cost_ratio: float = Field(gt=0)
    """Candidate's cost over the reference's, at most."""

    def sentence(self) -> str:
        """The claim in words, with what this version makes of it."""
        return (
            f"claim: quality at least {self.quality_ratio:.2f} and cost at most {self.cost_ratio:.2f} of the "
            "reference's; not decided by this version (point ratios, descriptive)"
        )


class Profile(Record):
    """One experiment grid, read from YAML and checked."""

    name: str
    description: str = ""
    seed: int = 0
    concurrency: Concurrency = 16
    """Questions kept in flight at the server."""
    models: dict[str, ModelUse] = Field(default_factory=dict)
    cells: tuple[Cell, ...] = ()
    claim: Claim | None = None
    cost: Basis | None = None
    """The basis by which claims count cost."""

    def of_task(self, task: str) -> tuple[Cell, ...]:
        """The task's cells, in the profile's order."""
        return tuple(cell for cell in self.cells if cell.task == task)

    def reference(self, task: str) -> Cell | None:
        """The cell that the task's other cells are compared with, where the profile names one."""
        return next((cell for cell in self.of_task(task) if cell.role == "reference"), None)

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
