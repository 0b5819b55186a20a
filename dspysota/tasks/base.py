"""What a task is: rows, splits, official metrics, and how its answers are marked and scored."""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from typing import ClassVar, Literal

from pydantic import JsonValue

from dspysota.errors import ConfigError, DataError
from dspysota.records import DataInfo, Example
from dspysota.tasks.sources import DataSource, Layout, RawRow, examples
from dspysota.tasks.splits import NAMED, Sizes, Splits, build

Details = Mapping[str, JsonValue]
"""What a program said besides its answer, such as `retrieved` titles and `supporting_facts`."""


@dataclass(frozen=True)
class TaskData:
    """The rows of a task as one source has them. `name` is the data set's true name, `origin` says where it is from."""

    name: str
    source: Literal["directory", "hub", "twin"]
    origin: str
    splits: Splits

    def take(self, limit: int | None) -> tuple[Example, ...]:
        """Return the first `limit` test rows, all where there are fewer or it is None. Raises ConfigError below 1."""
        if limit is not None and limit < 1:
            raise ConfigError(f"A limit of '{limit}' rows leaves nothing to run; give a whole number from 1.")
        return self.splits.test[:limit]

    def reordered(self, seed: int) -> TaskData:
        """Return the same rows, those of the training split in the order of `seed`; the others stay as they are."""
        return replace(self, splits=self.splits.reordered(seed))

    def info(self, rows: Sequence[Example], split: str = "test") -> DataInfo:
        """Return the record of `rows`, of the split of that name."""
        return DataInfo(
            name=self.name,
            source=self.source,
            origin=self.origin,
            split=split,
            rows=len(rows),
            digest=digest(rows),
        )


def digest(rows: Sequence[Example]) -> str:
    """Return the sha256 (hexadecimal) over the canonical JSON of `rows`, one a line, in order."""
    sha = hashlib.sha256()
    for row in rows:
        line = json.dumps(row.model_dump(), ensure_ascii=True, sort_keys=True, separators=(",", ":"))
        sha.update(line.encode() + b"\n")
    return sha.hexdigest()


class Task(ABC):
    """One benchmark. A module in `dspysota.tasks` that has an instance as `TASK` is a task of the module's name."""

    name: ClassVar[str]
    metrics: ClassVar[tuple[str, ...]]
    """Every metric that `score` returns."""
    primary: ClassVar[str]
    """The metric that decides whether a case is right."""
    metric_version: ClassVar[int] = 1
    """To be counted up whenever a metric of the same name begins to score differently: older runs are then no baseline
    of newer ones."""
    thresholds: ClassVar[Mapping[str, str]]
    """Friendly name of a bar -> metric, such as `accuracy` -> `exact_match`."""
    marker: ClassVar[str]
    """Label of the line that gives the final answer."""
    max_tokens: ClassVar[int]
    """Completion tokens that an answer may take."""
    layout: ClassVar[Layout]
    sizes: ClassVar[Sizes]

    @abstractmethod
    def example(self, row: RawRow, prefix: str) -> Example:
        """Return the row as an example; `prefix` starts ids of rows without one. Raises DataError naming the row."""

    @abstractmethod
    def score(
        self, example: Example, prediction: str | None, output: str, details: Details | None = None
    ) -> dict[str, float]:
        """Return every metric, in [0, 1]. `output` is the raw text of the last call; None or no text is no answer."""

    @abstractmethod
    def perfect(self, example: Example) -> tuple[str, Details]:
        """Return an output, and details, that deserve full marks, with `example.gold` as prediction."""

    @property
    def data_names(self) -> tuple[str, ...]:
        """Names that the rows may bear: the original's, and that of the offline twin."""
        return self.layout.name, import_module(self.layout.twin).NAME

    def complete(self, example: Example, details: Details) -> bool | None:
        """Return whether all supporting paragraphs were retrieved; None where the task or program retrieves nothing."""
        return None

    def told(self, example: Example) -> Details:
        """Return what a case should tell of its example besides question and gold answer, under names of their own."""
        return {}

    def normal_form(self, answer: str) -> str | None:
        """Return the form in which equal answers are equal texts, None for what is no answer: what a vote counts."""
        return answer.strip() or None

    def load(self, source: DataSource, *, seed: int) -> TaskData:
        """Return the rows, split by `seed`, every one proved. Raises DataError where that cannot be.

        Official files may hold a row that the official rules cannot score (a gold answer made of articles). Up to 1%
        such test rows are left out, and named; more are an error.
        """
        raw = source.read(self.layout)
        train = examples(raw.train, lambda row: self.example(row, f"{raw.name}-train"))
        test = examples(raw.test, lambda row: self.example(row, f"{raw.name}-test"))
        unscorable = {row.id for row in test if self._problems(row)}
        if len(unscorable) > len(test) // 100:
            self.validate(test)
        if unscorable:
            source.announce(f"{raw.name}: left out, as no answer could be right: {', '.join(sorted(unscorable))}")
        splits = build(
            train,
            [row for row in test if row.id not in unscorable],
            sizes=self.sizes,
            seed=seed,
            accept=lambda row: not self._problems(row),
        )
        return TaskData(name=raw.name, source=raw.source, origin=raw.origin, splits=splits)

    def validate(self, rows: Sequence[Example]) -> None:
        """Prove that every metric gives the gold answer 1 and an empty one 0. Raises DataError naming the rows."""
        wrong = [problem for row in rows for problem in self._problems(row)]
        if wrong:
            more = f", and {len(wrong) - NAMED} more" if len(wrong) > NAMED else ""
            raise DataError(f"{self.name} cannot score its own rows: {'; '.join(wrong[:NAMED])}{more}.")

    def _problems(self, row: Example) -> list[str]:
        output, details = self.perfect(row)
        gold = self.score(row, row.gold, output, details)
        problems = [
            f"{row.id!r} gives its gold answer {row.gold!r} a {metric} of {gold[metric]:g}, not 1"
            for metric in self.metrics
            if gold[metric] != 1.0
        ]
        empties = [self.score(row, empty, "") for empty in (None, "", " \n")]
        problems += [
            f"{row.id!r} gives an empty answer a {metric} above 0"
            for metric in self.metrics
            if any(empty[metric] != 0.0 for empty in empties)
        ]
        return problems
