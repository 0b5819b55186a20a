"""Finding, reading and checking profile files."""

from __future__ import annotations

from pathlib import Path

import yaml
from pydantic import ValidationError

from dspysota.errors import ConfigError
from dspysota.profiles import document, prices
from dspysota.profiles.grid import CellEntry, Known, ProfileFile, cells
from dspysota.profiles.values import Cell, ClaimTerms, ModelUse, Optimize, Profile
from dspysota.records import Record

FOLDER = Path("fixtures", "profiles")
"""Where a project keeps its profiles, relative to its root."""

_NESTED: dict[str, type[Record]] = {
    "models": ModelUse,
    "cells": CellEntry,
    "claim": ClaimTerms,
    "optimize": Optimize,
}


def available(root: Path) -> tuple[str, ...]:
    """Names of the profiles in the project at `root`, sorted."""
    return tuple(sorted(path.stem for path in (root / FOLDER).glob("*.yaml")))


def empty() -> Profile:
    """A profile without cells, for tests that name model and approach themselves."""
    return Profile(name="none", description="no profile")


def load(name_or_file: str, *, root: Path, known: Known) -> Profile:
    """The profile of that name in the project at `root`, or in that file.

    Anything with a path separator or a .yaml/.yml ending is a file. Raises ConfigError that says the file, the place
    in it, the bad value and the valid ones.
    """
    path = _find(name_or_file, root)
    try:
        raw = document.read(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"Profile {str(path)!r} cannot be read: {' '.join(str(error).split())}.") from error
    except ConfigError as error:
        raise ConfigError(f"Profile {str(path)!r}: {error}") from error
    try:
        raw = prices.looked_up(raw, path.parent)
        file = ProfileFile.model_validate(raw if raw is not None else {})
        profile = _build(file, known)
    except ValidationError as error:
        raise ConfigError(f"Profile {str(path)!r}: {_explain(error)}") from error
    except ConfigError as error:
        raise ConfigError(f"Profile {str(path)!r}: {error}") from error
    return profile


def _find(name_or_file: str, root: Path) -> Path:
    if "/" in name_or_file or "\\" in name_or_file or name_or_file.endswith((".yaml", ".yml")):
        path = Path(name_or_file)
        if path.is_file():
            return path
        raise ConfigError(f"There is no profile file {name_or_file!r}.")
    path = root / FOLDER / f"{name_or_file}.yaml"
    if path.is_file():
        return path
    names = available(root)
    cure = f"valid are {', '.join(names)}, or a YAML file" if names else "write one there, or name a YAML file"
    raise ConfigError(f"There is no profile {name_or_file!r} in {str(root / FOLDER)!r}; {cure}.")


def _build(file: ProfileFile, known: Known) -> Profile:
    grid = tuple(cells(file, known))
    for cell in grid:
        _check_thresholds(cell, known)
    if any(terms.cost_ratio is not None for terms in file.claim.values()):
        _check_cost(file, grid)
    return Profile(
        name=file.name,
        description=file.description,
        seed=file.seed,
        concurrency=file.concurrency,
        models=file.models,
        cells=grid,
        cost=file.cost,
        claims=file.claim,
        inconclusive=file.inconclusive,
        references=file.references,
    )


def _check_cost(file: ProfileFile, grid: tuple[Cell, ...]) -> None:
    """Raise ConfigError for a claim on a cost that could not be counted: it would be refused once all is measured."""
    if file.cost is None:
        raise ConfigError(
            "claim: it names a cost, and nothing says what cost is; add `cost: list` (prices of tokens), `cost: "
            "machine` (dollars an hour) or `cost: parameters` (parameters × tokens, no price) to the profile."
        )
    wanted = {"list": "price", "machine": "usd_per_hour"}.get(file.cost)
    for name in dict.fromkeys(cell.model for cell in grid):
        if wanted and getattr(file.models.get(name, ModelUse()), wanted) is None:
            raise ConfigError(
                f"cost: {name!r} has no {wanted}, so that `cost: {file.cost}` is not known of it; give it "
                f"models.{name}.{wanted}, or name another basis."
            )


def _check_thresholds(cell: Cell, known: Known) -> None:
    for data_name in cell.thresholds:
        try:
            cell.threshold(data_name)
        except ConfigError as error:
            raise ConfigError(f"thresholds.{data_name} of {cell.task} {cell.id}: {error}") from error
    _, *data_names = known.data_names([cell.task])
    for data_name in data_names:
        _check_metrics(cell, data_name, known.metrics.get(cell.task))


def _check_metrics(cell: Cell, data_name: str, metrics: tuple[str, ...] | None) -> None:
    """Raise ConfigError for a bar of a metric that the task lacks: a run would be measured and then not be judged."""
    bar = cell.threshold(data_name)
    for name, least in {"f1": bar.f1, "em": bar.em, **bar.scores}.items():
        if least is not None and metrics is not None and name not in metrics:
            own = cell.thresholds.get(data_name, {})
            place = data_name if name in own or "scores" in own else "any"
            raise ConfigError(
                f"thresholds.{place} of {cell.task} {cell.id}: {name!r} is no metric of {cell.task}; valid are "
                f"accuracy (of its main one), {', '.join(metrics)}."
            )


def _explain(error: ValidationError) -> str:
    """The first fault in one sentence: its place, and the valid keys where one is unknown."""
    fault = error.errors()[0]
    place = _place(fault["loc"])
    if fault["type"] == "extra_forbidden":
        loc = fault["loc"]
        owner = _NESTED[str(loc[0])] if len(loc) > 1 else ProfileFile
        return f"unknown key {place!r}; valid keys here are {', '.join(owner.model_fields)}."
    if fault["type"] == "value_error":  # our own words, which name the value
        return f"{place}: {fault['msg'].removeprefix('Value error, ')}"
    value = "" if fault["type"] == "missing" else f" (it is {fault['input']!r})"
    return f"{place or 'the file'}: {fault['msg'][:1].lower()}{fault['msg'][1:]}{value}."


def _place(loc: tuple[int | str, ...]) -> str:
    text = ""
    # Terms of a claim that were given once, for any task.
    for part in loc[:1] + loc[2:] if loc[:2] == ("claim", "any") else loc:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text
