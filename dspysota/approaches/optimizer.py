"""Approaches for scripts and notebooks: an optimizer by name, rows in, a prepared program out."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any, SupportsFloat

from dspysota import programs, tasks
from dspysota.approaches import approach
from dspysota.approaches.preparing import Effort, Prepared, Teacher, prepare
from dspysota.errors import ConfigError, MetricError
from dspysota.profiles import Optimize
from dspysota.profiles.values import check_at_once
from dspysota.programs import SeededLM
from dspysota.records import Budget, Example, TokenPrice
from dspysota.tasks import Splits

Metric = Callable[[Example, str | None], float]
"""The score, in [0, 1], of (row, answer of the program); the answer is None where none could be read.

What it raises, and what it returns that is no such score, ends the compilation.
"""


@dataclass(frozen=True, kw_only=True)
class Optimizer:
    """What `create_optimizer` returns; its arguments are the fields."""

    name: str
    task: str
    lm: SeededLM
    metric: Metric | None = None
    metric_version: str | None = None
    teacher: SeededLM | None = None
    budget: Budget = field(default_factory=Budget)
    prices: Mapping[str, TokenPrice] = field(default_factory=dict)
    adapter: str = "plain"
    context_length: int | None = None
    seed: int = 0
    concurrency: int = 16
    progress: bool = True
    settings: Mapping[str, Any] = field(default_factory=dict)

    def compile(
        self, train: Sequence[Example], validation: Sequence[Example] = (), *, program: str | None = None
    ) -> Prepared:
        """Return the prepared program (`module`), and what it took (`info`).

        `train` is asked and shown, `validation` is what candidates are chosen by; both are used whole. `program` is a
        program of the task, its default one unless told. Raises ConfigError for a wrong name or setting, DataError
        where the two share a question, MetricError where the metric fails or returns no score, ProgramError where
        nothing can be prepared.
        """
        if not train:
            raise ConfigError("There are no training rows; give at least one.")
        data = Splits(tuple(train), tuple(validation), ())
        tasks.check_disjoint(data)
        optimize = Optimize(
            train=len(train),
            validation=max(1, len(validation)),
            budget=self.budget,
            settings={self.name: dict(self.settings)},
        )
        return prepare(
            self.name,
            task_name=self.task,
            program_name=program or programs.names(self.task)[0],
            data=data,
            metric=self._scores,
            lm=self.lm,
            adapter_name=self.adapter,
            seed=self.seed,
            concurrency=self.concurrency,
            cache_key=self._key(),
            effort=Effort(
                optimize=optimize, teacher=self._teacher(), prices=self.prices, model_name=served_name(self.lm)
            ),
            keep=self.metric is None or self.metric_version is not None,
            progress=self.progress,
            context_length=self.context_length,
        )

    def _scores(self, example: Example, prediction: str | None, output: str) -> Mapping[str, float]:
        task = tasks.get(self.task)
        if self.metric is None:
            return task.score(example, prediction, output)
        return {task.primary: _score(self.metric, example, prediction)}

    def _teacher(self) -> Teacher | None:
        if self.teacher is None:
            return None
        lm = self.teacher
        return Teacher(name=served_name(lm), digest=_place(lm), open=lambda: nullcontext(lm))

    def _key(self) -> dict[str, str]:
        key = {"endpoint": _place(self.lm), "model": served_name(self.lm)}
        return key if self.metric_version is None else {**key, "metric": self.metric_version}


def create_optimizer(  # noqa: PLR0913  all but the name by keyword
    name: str,
    *,
    task: str,
    lm: Any,
    metric: Metric | None = None,
    metric_version: str | None = None,
    teacher: Any = None,
    budget: Budget | None = None,
    prices: Mapping[str, TokenPrice] | None = None,
    adapter: str = "plain",
    context_length: int | None = None,
    seed: int = 0,
    concurrency: int = 16,
    progress: bool = True,
    **settings: Any,
) -> Optimizer:
    """Return the optimizer of an approach's name, for the model `lm` (of `dspysota.programs.make_lm`).

    >>> optimizer = create_optimizer("random_search", task="gsm8k", lm=lm, budget=Budget(calls=500))  # doctest: +SKIP
    >>> prepared = optimizer.compile(train, validation, program="cot")  # doctest: +SKIP

    `metric` is a function of (example, answer) with a score in [0, 1], instead of the task's own. `teacher` is another
    model whose answers become demonstrations; `budget` is the most that a compilation may take, not bounded unless
    told, and `prices` are by served names, for budgets in dollars. `context_length` is in tokens; where it is known,
    what does not fit is left out. `settings` are the approach's own.

    What was compiled is kept, and an interrupted compilation goes on, for the same arguments, rows, and address of the
    model. A function cannot be told from another one: with a `metric` of yours nothing is kept unless you give its
    `metric_version`, a text that you change when you change it. Raises ConfigError for an unknown name, for models that
    are not of `make_lm`, and for arguments of another kind or out of their bounds.
    """
    approach(name)
    tasks.get(task)
    check_at_once(concurrency)
    for model in (lm, *([] if teacher is None else [teacher])):
        if not isinstance(model, SeededLM):
            raise ConfigError(
                f"The model is a {type(model).__name__}; give one of dspysota.programs.make_lm(url, name, key, "
                "max_tokens=…), whose answers can be counted and kept."
            )
    optimizer = Optimizer(
        name=name,
        task=task,
        lm=lm,
        metric=metric,
        metric_version=metric_version,
        teacher=teacher,
        budget=Budget() if budget is None else budget,
        prices={} if prices is None else prices,
        adapter=adapter,
        context_length=context_length,
        seed=seed,
        concurrency=concurrency,
        progress=progress,
        settings=settings,
    )
    _check(optimizer)
    return optimizer


def _check(given: Optimizer) -> None:
    """Raise ConfigError for the first argument that is of another kind than it has to be, or out of bounds."""
    length = given.context_length
    wanted = {
        "metric": (given.metric is None or callable(given.metric), "a function of (example, answer)"),
        "metric_version": (isinstance(given.metric_version, str | None), "a text"),
        "budget": (isinstance(given.budget, Budget), "a dspysota.Budget, such as Budget(calls=500)"),
        "prices": (_are_prices(given.prices), "a dspysota.records.TokenPrice for each served name"),
        "adapter": (given.adapter in programs.adapters(), f"one of {', '.join(programs.adapters())}"),
        "seed": (type(given.seed) is int, "a whole number"),
        "context_length": (length is None or (type(length) is int and length >= 1), "a number of tokens, 1 or more"),
    }
    for name, (fits, kind) in wanted.items():
        if not fits:
            raise ConfigError(f"The {name} cannot be {_line(repr(getattr(given, name)))}; give {kind}.")
    for name, value in given.settings.items():
        try:
            json.dumps(value)
        except (TypeError, ValueError, RecursionError) as error:
            raise ConfigError(
                f"The setting {name} cannot be {_line(repr(value))}; give a value that JSON can hold."
            ) from error


def _are_prices(prices: object) -> bool:
    return isinstance(prices, Mapping) and all(isinstance(price, TokenPrice) for price in prices.values())


def _score(metric: Metric, example: Example, answer: str | None) -> float:
    """Return what a metric says of an answer. Raises MetricError where it fails, or says no number in [0, 1]."""
    name = getattr(metric, "__name__", type(metric).__name__)
    try:
        value: object = metric(example, answer)
    except Exception as error:
        raise MetricError(
            f"The metric {name!r} failed with {type(error).__name__}: {_line(str(error))}; it is called with a row and "
            "the text of the answer, None where there is none, and has to return a score in [0, 1]."
        ) from error
    try:
        score = float(value) if isinstance(value, SupportsFloat) else math.nan
    except (TypeError, ValueError, OverflowError):
        score = math.nan
    if not 0 <= score <= 1:
        raise MetricError(f"The metric {name!r} returned {_line(repr(value))}; it has to return a score in [0, 1].")
    return score


def _line(text: str) -> str:
    return " ".join(text.split())[:200]


def served_name(lm: SeededLM) -> str:
    """Return the name under which a model is served."""
    return str(lm.door.served_name)


def _place(lm: SeededLM) -> str:
    return str(lm.door.wire.base_url)
