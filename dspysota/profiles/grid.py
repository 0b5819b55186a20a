"""The `cells` of a profile file: entries whose lists are multiplied out into single cells."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Annotated

from pydantic import BeforeValidator, Field

from dspysota import catalog
from dspysota.errors import ConfigError
from dspysota.profiles.values import Bars, Cell, ClaimTerms, Concurrency, Inconclusive, ModelUse, Optimize
from dspysota.records import Basis, Record, Role


@dataclass(frozen=True, kw_only=True)
class Known:
    """The names that a profile may use.

    Handed in, because the packages that own them lie above this one.
    """

    programs: Mapping[str, tuple[str, ...]]
    """Programs by task; the keys are the tasks. The first program is the task's default."""
    approaches: tuple[str, ...]
    adapters: tuple[str, ...]
    base: Callable[[str], str] = str
    """The base program of an expression such as `cot+vote5`, which is a program too; raises ConfigError."""
    forms: str = ""
    """Which expressions there are, for messages that list the base programs."""
    whole: Callable[[str], str] = str
    """The approach of an expression such as `bootstrap:instructions`, which is an approach too; raises ConfigError."""
    parts: str = ""
    """Which expressions there are, for messages that list the approaches."""
    data: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By task, the names that its rows may bear, which bars go by; without one the task's own."""

    chancy: Callable[[str, str], bool] = lambda approach, program: True
    """Whether a seed can change anything about a program, by the expressions of approach and program."""
    metrics: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Metrics by task, which bars go by; those of a task without any are not checked."""

    def data_names(self, chosen: Iterable[str]) -> tuple[str, ...]:
        """What the bars of these tasks may be named after: the data sets, or `any` of them."""
        return ("any", *dict.fromkeys(name for task in chosen for name in self.data.get(task, (task,))))


def _as_list(value: object) -> object:
    return value if isinstance(value, list | tuple) else [value]


Names = Annotated[tuple[str, ...], BeforeValidator(_as_list), Field(min_length=1)]
"""One name or a list of names."""

MOST_SEED = 2**31 - 1
"""Servers and optimizers take no larger seed."""

Seeds = Annotated[
    tuple[Annotated[int, Field(strict=True, ge=0, le=MOST_SEED)], ...], BeforeValidator(_as_list), Field(min_length=1)
]
"""One seed or a list of seeds."""


class CellEntry(Record):
    """One entry of `cells`: every list is multiplied out."""

    task: Names
    model: Names
    approach: Names
    program: Names | None = None
    """The task's default one, unless named."""
    adapter: Names = ("plain",)
    rows: int | None = Field(default=None, ge=1)
    thresholds: Bars = Field(default_factory=dict)
    role: Role = "candidate"
    optimize: Optimize | None = None
    """Instead of the file's own, as a whole."""
    seeds: Seeds | None = None
    """The same cell once for each; the file's own seed, unless named."""


def _by_task(value: object) -> object:
    """Terms that are given once are those of `any` task."""
    if isinstance(value, Mapping) and not (value and all(isinstance(one, Mapping) for one in value.values())):
        return {"any": value}
    return value


class ProfileFile(Record):
    """The layout of a profile file."""

    name: str
    description: str = ""
    seed: int = 0
    concurrency: Concurrency = 16
    rows: dict[str, int] = Field(default_factory=dict)
    """Test questions per task, for cells that do not say."""
    thresholds: Bars = Field(default_factory=dict)
    """Bars for all cells; a cell's own come on top."""
    models: dict[str, ModelUse] = Field(default_factory=dict)
    cells: tuple[CellEntry, ...] = ()
    cost: Basis | None = None
    """By what claims count cost: `list`, `machine` or `parameters`."""
    claim: Annotated[dict[str, ClaimTerms], BeforeValidator(_by_task)] = Field(default_factory=dict)
    """For all tasks at once, or by task."""
    inconclusive: Inconclusive | None = None
    references: dict[str, str] = Field(default_factory=dict)
    """Run folders by task, whose runs stand in for the reference's model."""
    optimize: Optimize = Optimize()
    """For all cells whose approach asks a model."""


def cells(file: ProfileFile, known: Known) -> Iterator[Cell]:
    """The file's cells, in its order. Raises ConfigError naming the place, the bad name and the valid ones."""
    for name, use in file.models.items():
        _check_model(name, use, f"models.{name}")
    _check_keys(file, known)
    seen: dict[tuple[str, str], str] = {}
    references: dict[str, Cell] = {}
    for place, cell in _expand(file, known):
        first = seen.setdefault((cell.task, cell.id), place)
        if first != place:
            raise ConfigError(f"{place} repeats {cell.task} with {cell.id!r}, which {first} already has; remove one.")
        if cell.role == "reference":
            rival = references.setdefault(cell.task, cell)
            if not cell.same_but_seed(rival):
                raise ConfigError(
                    f"{place}.role: {cell.task} has two references, {rival.id!r} and {cell.id!r}; a task's cells are "
                    "compared with one."
                )
        yield cell


def _check_keys(file: ProfileFile, known: Known) -> None:
    tasks, data_names = tuple(known.programs), known.data_names(known.programs)
    keys = (
        ("rows", file.rows, tasks),
        ("claim", file.claim, ("any", *tasks)),
        ("references", file.references, tasks),
        ("thresholds", file.thresholds, data_names),
    )
    for place, names, valid in keys:
        for name in names:
            check_name(name, valid, place)


def _expand(file: ProfileFile, known: Known) -> Iterator[tuple[str, Cell]]:
    for position, entry in enumerate(file.cells):
        place = f"cells[{position}]"
        for task in entry.task:
            check_name(task, known.programs, f"{place}.task")
        for data_name in entry.thresholds:
            check_name(data_name, known.data_names(entry.task), f"{place}.thresholds")
        for task in entry.task:
            chosen = entry.program or known.programs[task][:1]
            for combination in product(entry.model, entry.approach, chosen, entry.adapter):
                cell = _cell(file, entry, (task, *combination), known, place)
                for seed in _seeds(file, entry, cell, known, place):
                    yield place, cell if seed is None else cell.model_copy(update=_own_seed(cell, seed))


def _cell(file: ProfileFile, entry: CellEntry, names: tuple[str, ...], known: Known, place: str) -> Cell:
    task, model, approach, program, adapter = names
    check_program(program, task, known, f"{place}.program")
    check_approach(approach, known, f"{place}.approach")
    check_name(adapter, known.adapters, f"{place}.adapter")
    _check_model(model, file.models.get(model, ModelUse()), f"{place}.model")
    return Cell(
        id=cell_id(
            model, approach, adapter, program if program != known.programs[task][0] else None, _own_teacher(file, entry)
        ),
        task=task,
        model=model,
        program=program,
        approach=approach,
        adapter=adapter,
        rows=entry.rows or file.rows.get(task),
        thresholds=_merged(file.thresholds, entry.thresholds),
        role=entry.role,
        optimize=_optimize(file, entry.optimize or file.optimize, known, place),
    )


def _seeds(file: ProfileFile, entry: CellEntry, cell: Cell, known: Known, place: str) -> tuple[int | None, ...]:
    """The seeds of a cell, None for the file's own. Raises ConfigError for two alike, and where none changes anything.

    Equal runs would cost as often as there are seeds, and their spread of nothing would pass for evidence.
    """
    if entry.seeds is None:
        return (None,)
    if twice := [seed for seed in entry.seeds if entry.seeds.count(seed) > 1]:
        raise ConfigError(f"{place}.seeds: {twice[0]} stands twice, and would be the same run twice; remove one.")
    if not known.chancy(cell.approach, cell.program):
        raise ConfigError(
            f"{place}.seeds: {cell.approach!r} learns from no rows and {cell.program!r} draws no samples, so that "
            "every seed gives the same run; leave seeds out, or put such cells into an entry of their own."
        )
    return tuple(None if seed == file.seed else seed for seed in entry.seeds)


def _own_seed(cell: Cell, seed: int) -> dict[str, object]:
    return {"id": f"{cell.id}-seed{seed}", "seed": seed}


def _optimize(file: ProfileFile, optimize: Optimize, known: Known, place: str) -> Optimize:
    for name in optimize.settings:
        check_name(name, known.approaches, f"{place}.optimize.settings")
    if optimize.teacher is not None:
        use = file.models.get(optimize.teacher, ModelUse())
        _check_model(optimize.teacher, use, f"{place}.optimize.teacher")
    return optimize


def _own_teacher(file: ProfileFile, entry: CellEntry) -> str | None:
    """The teacher of an entry that names another one than the file."""
    return entry.optimize.teacher if entry.optimize and entry.optimize.teacher != file.optimize.teacher else None


def cell_id(
    model: str, approach: str, adapter: str, program: str | None, teacher: str | None = None, seed: int | None = None
) -> str:
    """What pytest shows: the model and the approach, then what differs from the default."""
    parts = [model, approach, *([program] if program else []), *([adapter] if adapter != "plain" else [])]
    parts += [f"taught-by-{teacher}"] if teacher else []
    return "-".join([*parts, *([f"seed{seed}"] if seed is not None else [])])


def check_program(program: str, task: str, known: Known, place: str) -> None:
    """Raise ConfigError naming the place and what is valid, unless the task has the program of this expression."""
    try:
        base = known.base(program)
    except ConfigError as error:
        raise ConfigError(f"{place}: {error}") from error
    check_name(base, known.programs[task], place, known.forms)


def check_approach(approach: str, known: Known, place: str) -> None:
    """Raise ConfigError naming the place and what is valid, unless there is the approach of this expression."""
    try:
        whole = known.whole(approach)
    except ConfigError as error:
        raise ConfigError(f"{place}: {error}") from error
    check_name(whole, known.approaches, place, known.parts)


def check_name(name: str, valid: Iterable[str], place: str, forms: str = "") -> None:
    """Raise ConfigError naming the place and the valid names, unless `name` is one of them.

    `forms` says what else may be made of the valid names.
    """
    names = tuple(valid)
    if name in names:
        return
    near = difflib.get_close_matches(name, names, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    choice = ", ".join([*names, *([forms] if forms else [])])
    raise ConfigError(f"{place}: unknown name {name!r}; valid are {choice}.{hint}")


def _check_model(name: str, use: ModelUse, place: str) -> None:
    if use.base_url and use.base_url_env:
        raise ConfigError(f"{place} has both base_url and base_url_env; keep one.")
    if use.base_url or use.base_url_env:
        return  # an endpoint may serve models that the catalog does not know
    try:
        catalog.find(name).check_length(use.max_model_len)
    except ConfigError as error:
        raise ConfigError(f"{place}: {error}") from error


def _merged(common: Bars, own: Bars) -> Bars:
    return {name: {**common.get(name, {}), **own.get(name, {})} for name in dict.fromkeys([*common, *own])}
