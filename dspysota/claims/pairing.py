"""Which runs can be compared, and their scores and costs example by example."""

from __future__ import annotations

import math
from collections.abc import Sequence

from dspysota.claims.sequential import SequentialTest
from dspysota.errors import RunError
from dspysota.records import UNITS, Amounts, Basis, Case, Costs, Run, RunInfo

SHOWN = 3
"""Ids named in a sentence."""


def check(runs: Sequence[Run], references: Sequence[Run]) -> None:
    """Raises RunError, naming the difference, unless all answered the same examples and each side differs by seed."""
    if not references:
        raise RunError(f"{runs[0].name} is to be compared with a reference, and there is none.")
    for side in (runs, references):
        for run in side:
            _check_cases(run)
        _check_seeds(side)
    for other in (*runs[1:], *references):
        _check_same(runs[0], other)


def watched(
    runs: Sequence[Run], references: Sequence[Run], metric: str, test: SequentialTest
) -> tuple[tuple[Run, ...], tuple[Run, ...]]:
    """The runs that a sequential test watched, cut to the examples it counted where it ended the run.

    Raises RunError where there are several seeds, or the test was told other scores than the runs hold.
    """
    if len(runs) > 1 or len(references) > 1:
        raise RunError(
            "A sequential test watches one run against one reference; of several seeds judge the whole runs."
        )
    run, reference = runs[0], references[0]
    ids = [case.case_id for case in run.cases[: test.n]]
    there = _by_id(reference)
    held = [
        (case.scores.get(metric), there[case.case_id].scores.get(metric) if case.case_id in there else None)
        for case in run.cases[: test.n]
    ]
    if held != list(test.pairs):
        raise RunError(
            f"The sequential test counted other scores than the first {test.n:,} of {run.name} and {reference.name}; "
            "it must watch these runs, in the order of their cases."
        )
    if test.outcome is None:
        return tuple(runs), tuple(references)
    cut = reference.model_copy(update={"cases": tuple(there[i] for i in ids)})
    return (run.model_copy(update={"cases": run.cases[: test.n]}),), (cut,)


def score_table(runs: Sequence[Run], metric: str, order: Sequence[str]) -> list[list[float]]:
    """One row a run, one column an example of `order`; an error counts as zero."""
    return [[by_id[i].scores[metric] for i in order] for by_id in map(_by_id, runs)]


def cost_table(runs: Sequence[Run], costs: Costs | None, order: Sequence[str]) -> list[list[float]]:
    """Costs, one row a run, one column an example of `order`. Raises RunError where a cost is unknown."""
    return [_costs(run, costs, order) for run in runs]


def cost_unit(runs: Sequence[Run], costs: Costs | None) -> str:
    """The unit of what the runs cost: US dollars unless the costs say otherwise.

    Raises RunError where they are counted by several bases.
    """
    bases: dict[Basis, str] = {}
    for run in runs:
        given = costs(run) if callable(costs) else None
        if isinstance(given, Amounts):
            bases.setdefault(given.basis, run.name)
    if len(bases) > 1:
        said = " and ".join(f"{name} by {basis}" for basis, name in bases.items())
        raise RunError(
            f"Costs are of several bases, {said}; a ratio needs one: `costs=lambda run: of_run(run, 'list')`."
        )
    return UNITS[next(iter(bases))] if bases else "$"


def _check_cases(run: Run) -> None:
    if not run.cases:
        raise RunError(f"{run.name} has no cases, so nothing can be claimed of it.")
    seen: set[str] = set()
    for case in run.cases:
        if case.case_id in seen:
            raise RunError(f"{run.name} has case {case.case_id!r} twice; examples are paired by their ids.")
        seen.add(case.case_id)


def _check_seeds(side: Sequence[Run]) -> None:
    for run in side[1:]:
        for what, one, other in _identity(side[0].info, run.info):
            if one != other:
                raise RunError(
                    f"Runs of several seeds must be of one program, but their {what} differ: {one!r} and {other!r}."
                )
    seeds = [run.info.seed for run in side]
    if len(set(seeds)) < len(seeds):
        raise RunError(f"Runs of several seeds must differ by seed, but {side[0].name} comes with seeds {seeds}.")


def _identity(one: RunInfo, other: RunInfo) -> list[tuple[str, object, object]]:
    return [
        ("tasks", one.task, other.task),
        ("programs", one.program, other.program),
        ("approaches", one.approach, other.approach),
        ("adapters", one.adapter, other.adapter),
        ("models", one.model.name, other.model.name),
        ("weights", one.origin, other.origin),
    ]


def _check_same(run: Run, other: Run) -> None:
    names = f"{run.name} and {other.name}"
    if run.info.task != other.info.task:
        raise RunError(f"{names} are of different tasks: {run.info.task} and {other.info.task}.")
    mine, theirs = set(_by_id(run)), set(_by_id(other))
    if mine != theirs:
        raise RunError(
            f"{names} did not answer the same examples: {_some(mine - theirs)} only in the first, "
            f"{_some(theirs - mine)} only in the second; give both the same rows."
        )
    if run.info.data.digest != other.info.data.digest:
        raise RunError(
            f"{names} were measured on different data under the same ids: sha256 {run.info.data.digest[:12]}… "
            f"({run.info.data.name}, {run.info.data.origin}) and {other.info.data.digest[:12]}… "
            f"({other.info.data.name}, {other.info.data.origin}); measure both on the same rows."
        )


def _by_id(run: Run) -> dict[str, Case]:
    return {case.case_id: case for case in run.cases}


def _some(ids: set[str]) -> str:
    named = ", ".join(sorted(ids)[:SHOWN])
    more = ", …" if len(ids) > SHOWN else ""
    return f"{len(ids):,} ({named}{more})" if ids else "none"


def _costs(run: Run, costs: Costs | None, order: Sequence[str]) -> list[float]:
    given: Sequence[float | None] | None = None
    if costs is not None:
        given = costs(run) if callable(costs) else costs.get(run.info.key)
    if given is None:
        raise RunError(
            f"The claim names a cost, and what {run.name} cost is unknown, which is not nothing; "
            "give its model a price, or leave the cost out of the claim."
        )
    if len(given) != len(run.cases):
        raise RunError(f"{run.name} has {len(run.cases):,} cases, but {len(given):,} costs were given for it.")
    unknown = sum(cost is None or math.isnan(cost) for cost in given)
    if unknown:
        raise RunError(
            f"The claim names a cost, and what {unknown:,} of {len(given):,} questions of {run.name} cost is unknown, "
            f"which is not nothing; {_cure(given)}, or leave the cost out of the claim."
        )
    by_id = {case.case_id: cost for case, cost in zip(run.cases, given, strict=True) if cost is not None}
    return [float(by_id[i]) for i in order]


def _cure(given: Sequence[float | None]) -> str:
    basis = given.basis if isinstance(given, Amounts) else None
    if basis == "machine":
        return "give its model a usd_per_hour in the profile, and count measured runs alone"
    if basis == "parameters":
        return "take a model whose parameters the catalog knows, and a server that answers all and reports its tokens"
    if basis == "list":
        return "give its model a price in the profile, and take a server that answers all and reports its tokens"
    return "give every model that was asked a price"
