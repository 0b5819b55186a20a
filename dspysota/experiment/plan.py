"""What exactly will be measured, settled before any model is asked."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass, replace

from dspysota import approaches, catalog, models, programs, source, tasks
from dspysota.catalog import ModelSpec
from dspysota.errors import ConfigError
from dspysota.experiment.prices import counted_by, teaching
from dspysota.experiment.provenance import versions
from dspysota.experiment.settings import Settings
from dspysota.models import Weights
from dspysota.profiles import PRICING, Cell, ModelUse, Profile
from dspysota.programs.retrieval import naming
from dspysota.records import Basis, DataInfo, Example, Prices, Run, TokenPrice
from dspysota.tasks import Task, TaskData

TEMPERATURE = 0.0
"""Greedy: the same question gets the same answer, as far as the server can promise that. Samples have their own."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A cell with its task, its rows, and its model's weights."""

    cell: Cell
    task: Task
    data: TaskData
    rows: tuple[Example, ...]
    limit: int | None
    info: DataInfo
    use: ModelUse
    spec: ModelSpec | None
    """None for a model that the catalog does not know, which only an endpoint can serve."""
    weights: Weights | None
    """None when an endpoint by URL answers."""
    seed: int
    concurrency: int
    cost: Basis | None = None
    """By what claims count cost."""
    ask_twice: float = 0.0
    """Share of the rows to ask a second time."""
    teacher: Plan | None = None
    """The same cell with the model that teaches, where that is another one."""
    retrieval: str = ""
    """What decides how paragraphs are found, and the digest of those that are pooled; empty as a rule."""

    def on_training_rows(self, rows: int) -> Plan:
        """The same plan for the first `rows` training questions instead of test questions. Raises ConfigError below 1.

        For choices that are made before anything is measured.
        """
        if rows < 1:
            raise ConfigError(f"rows={rows!r} asks no question; it must be at least 1.")
        chosen = self.data.splits.train[:rows]
        return replace(self, rows=chosen, limit=rows, info=self.data.info(chosen, "train"))

    @property
    def price(self) -> TokenPrice | None:
        """What the model's tokens cost; no part of the key, for another price is no other measurement."""
        return self.use.price

    @property
    def sampling(self) -> dict[str, float | int | None]:
        """How answers are drawn; `samples` is the most that a question gets, absent for a program that asks once."""
        common = {"max_tokens": self.task.max_tokens, "seed": self.seed}
        _, samples = programs.split(self.cell.program)
        if samples is None:
            return {"temperature": TEMPERATURE, **common}
        return {"temperature": samples.temperature, "samples": samples.count, **common}

    @property
    def stop(self) -> tuple[str, ...]:
        """Strings that end an answer."""
        return self.spec.stop if self.spec else ()

    @property
    def key(self) -> str:
        """Digest of what is known beforehand of what decides the outcome: all but the prepared program."""
        return digest(
            {
                "task": self.cell.task,
                "program": self.cell.program,
                "approach": self.cell.approach,
                "adapter": self.cell.adapter,
                "model": self.cell.model,
                "weights": self.weights.digest if self.weights else None,
                "use": self.use.model_dump(mode="json", exclude={"api_key_env", "api_key_required", *PRICING}),
                "sampling": self.sampling,
                "stop": self.stop,
                "data": self.info.digest,
                "optimize": self.cell.optimize.model_dump(mode="json"),
                "teacher": self.teacher.identity if self.teacher else None,
                "concurrency": self.concurrency,
                "retrieval": self.retrieval,
                "code": source.digest(),
                "dspy": versions().get("dspy"),
            }
        )

    @property
    def identity(self) -> str:
        """What the model is, whoever serves it: the digest of its weights, or else the place it is at."""
        return self.weights.digest if self.weights else f"{self.use.base_url} {self.cell.model}"

    def run_key(self, program: str) -> str:
        """Digest of all that decides the outcome; cases are continued only under the same key.

        `program` is the identity of the prepared program (`CompileInfo.identity`).
        """
        return digest({"plan": self.key, "program": program})

    def prices(self) -> Prices:
        """What a run of this plan is counted by."""
        by = self.teacher
        teacher = teaching(by.cell.model, by.use, by.spec.parameters if by.spec else None) if by else None
        return counted_by(self.cost, self.use, teacher)

    def priced(self, run: Run) -> Run:
        """A run of this plan with the prices of today: another price is no other measurement."""
        role = run.info.role if self.cell.role == "candidate" else self.cell.role
        changes = {"prices": self.prices(), "role": role}
        return run.model_copy(update={"info": run.info.model_copy(update=changes)})

    def made(self, run: Run) -> bool:
        """Whether `run` is this plan's: made of it with whatever program its approach prepared."""
        return run.info.key == self.run_key(run.info.compile.identity)


def digest(facts: object) -> str:
    """First 16 hexadecimal digits of the sha256 of the canonical JSON of `facts`."""
    return hashlib.sha256(json.dumps(facts, sort_keys=True, default=list).encode()).hexdigest()[:16]


def model_of(cell: Cell, profile: Profile, settings: Settings) -> tuple[ModelUse, ModelSpec | None]:
    """How the cell's model is reached, and its catalog entry. `--sota-base-url` stands in for every model.

    Raises ConfigError for a model of our own that the catalog does not know.
    """
    # The key of --sota-base-url is in DSPYSOTA_API_KEY: the profile's is for another host.
    use = profile.use(cell.model)
    if settings.base_url:
        use = ModelUse(base_url=settings.base_url, price=use.price, usd_per_hour=use.usd_per_hour)
    else:
        use = _resolved(cell.model, use)
    try:
        return use, catalog.find(cell.model)
    except ConfigError:
        if use.base_url:
            return use, None
        raise


def _resolved(model: str, use: ModelUse) -> ModelUse:
    """The use with its URL in place, so that another URL is another plan. Raises ConfigError where it is not set."""
    if use.base_url_env is None:
        return use
    url = os.environ.get(use.base_url_env)
    if not url:
        raise ConfigError(
            f"Model {model!r} is reached by the URL in {use.base_url_env!r}, which is not set; "
            f"export {use.base_url_env}=http://host:port/v1."
        )
    return use.model_copy(update={"base_url": url, "base_url_env": None})


def plan(
    cell: Cell, profile: Profile, settings: Settings, data: TaskData, *, progress: bool, fetch: bool = True
) -> Plan:
    """Settle a cell. Fetches the model's weights where our own server will need them and they are not here.

    Without `fetch` nothing is fetched, and of a model whose weights are not here the plan has none: it is another plan
    then than the one that will be measured. Raises ConfigError, DataError or ModelError.
    """
    if cell.seed is not None:
        data = data.reordered(cell.seed)
    limit = settings.limit if settings.limit is not None else cell.rows
    rows = data.take(limit)
    retrieval = _retrieval(cell, data)  # before the weights: where embeddings are missing, nothing need be fetched
    use, spec, weights = _model(cell, profile, settings, progress, fetch)
    planned = Plan(
        cell=cell,
        task=tasks.get(cell.task),
        data=data,
        rows=rows,
        limit=limit,
        info=data.info(rows),
        use=use,
        spec=spec,
        weights=weights,
        seed=profile.seed if cell.seed is None else cell.seed,
        concurrency=profile.concurrency,
        cost=profile.cost,
        retrieval=retrieval,
        ask_twice=settings.ask_twice,
    )
    name = cell.optimize.teacher
    if name is None or name == cell.model or not approaches.approach(cell.approach).ASKS_MODEL:
        return planned
    taught = cell.model_copy(update={"model": name})
    use, spec, weights = _model(taught, profile, settings, progress, fetch)
    return replace(planned, teacher=replace(planned, cell=taught, use=use, spec=spec, weights=weights))


def _model(
    cell: Cell, profile: Profile, settings: Settings, progress: bool, fetch: bool
) -> tuple[ModelUse, ModelSpec | None, Weights | None]:
    use, spec = model_of(cell, profile, settings)
    ours = spec is not None and not use.base_url
    if not ours or spec is None:
        return use, spec, None
    return use, spec, models.ensure(spec, progress=progress) if fetch else models.find_weights(spec)


def _retrieval(cell: Cell, data: TaskData) -> str:
    """Pooled paragraphs are those of all test rows, asked or not. Raises ConfigError where embeddings are missing."""
    pooled = [data.info(data.splits.test).digest] if naming.is_pooled(cell.program) else []
    return ", ".join([naming.identity(cell.program), *pooled])
