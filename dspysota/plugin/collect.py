"""Which tests there are: `cell` parametrized from the profile, and one model after the other."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from typing import TYPE_CHECKING, get_args

import pytest

from dspysota.errors import ConfigError
from dspysota.plugin.session import SESSION

if TYPE_CHECKING:
    from dspysota.profiles import Cell, Profile

FILTERS = ("task", "model", "program", "approach", "adapter", "role")
"""What a marker may say of the cells it wants."""


def parametrize(metafunc: pytest.Metafunc) -> None:
    """Give `cell` the profile's cells of the marker's task; without any, one skipped set that says why."""
    marker = metafunc.definition.get_closest_marker("sota")
    if marker is None or "cell" not in metafunc.fixturenames:
        return
    profile = metafunc.config.stash[SESSION].profile
    chosen = cells_of(marker, profile)
    if chosen:
        metafunc.parametrize("cell", chosen, ids=[cell.id for cell in chosen])
        return
    wanted = " ".join(f"{key}={value!r}" for key, value in marker.kwargs.items())
    reason = f"profile {profile.name!r} has no cell for {wanted}"
    metafunc.parametrize("cell", [pytest.param(None, marks=pytest.mark.skip(reason=reason), id="none")])


def cells_of(marker: pytest.Mark, profile: Profile) -> list[Cell]:
    """The cells that a `sota` marker asks for. Raises pytest.UsageError for a marker that cannot be understood.

    `task` is needed; every further filter keeps the cells that have this value. `against="reference"` then drops the
    cells in that role, provided that the profile has one for the task; without one no cell is left. `claimed=True`
    keeps those of which the profile claims something; of cells that differ by seed alone the first, since one claim is
    made of all.
    """
    wanted = dict(marker.kwargs)
    rival, claimed = wanted.pop("against", None), wanted.pop("claimed", False)
    if marker.args or "task" not in wanted or not set(wanted) <= set(FILTERS):
        raise pytest.UsageError(
            f"@pytest.mark.sota takes task=…, and may take {', '.join(FILTERS[1:])}, against and claimed; "
            f"it got {', '.join([*map(repr, marker.args), *marker.kwargs]) or 'nothing'}."
        )
    _check_values(wanted, rival)
    if not isinstance(claimed, bool):
        raise pytest.UsageError(f"@pytest.mark.sota has claimed={claimed!r}; it must be one of True, False.")
    cells = [cell for cell in profile.cells if all(getattr(cell, key) == value for key, value in wanted.items())]
    if claimed:
        cells = [cell for cell in cells if profile.claimed(cell) is not None and profile.seeds(cell)[0] == cell]
    if rival is None:
        return cells
    compared = any(cell.role == rival for cell in profile.of_task(wanted["task"]))
    return [cell for cell in cells if compared and cell.role != rival]


def _check_values(wanted: dict[str, str], rival: str | None) -> None:
    """Raise pytest.UsageError for a value that no profile could have: it would skip the test without a word."""
    from dspysota.experiment import known
    from dspysota.profiles.grid import check_approach, check_program
    from dspysota.records import Role

    names = known()
    valid: dict[str, tuple[str, ...]] = {
        "task": tuple(names.programs),
        "adapter": names.adapters,
        "role": get_args(Role),
        "against": get_args(Role),
    }
    given = wanted if rival is None else {**wanted, "against": rival}
    for key, names_of_key in valid.items():
        if key in given and given[key] not in names_of_key:
            choice = ", ".join(names_of_key)
            raise pytest.UsageError(f"@pytest.mark.sota has {key}={given[key]!r}; it must be one of {choice}.")
    try:
        if "program" in given:
            check_program(given["program"], given["task"], names, "program")
        if "approach" in given:
            check_approach(given["approach"], names, "approach")
    except ConfigError as error:
        raise pytest.UsageError(f"@pytest.mark.sota has {error}") from error


def check_limits(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Refuse the session before anything is asked where a limit of dollars meets a model without a price."""
    session = config.stash[SESSION]
    if not session.limits_dollars or not asking(items):
        return
    try:
        cells = [cell for item in items for cell in needed(item, session.profile)]
        _ = session.settings
    except pytest.UsageError:
        return  # each of these tests will say so
    models = [model for cell in cells for model in (cell.model, cell.optimize.teacher) if model]
    try:
        session.check_priced(dict.fromkeys(models))
    except pytest.UsageError as error:
        if not hasattr(config, "workerinput"):
            raise
        session.refused = str(error)


def asking(items: Iterable[pytest.Item]) -> list[pytest.Item]:
    """Those of the tests that use `sota`, by themselves or by another fixture."""
    return [item for item in items if "sota" in getattr(item, "fixturenames", ())]


def needed(item: pytest.Item, profile: Profile) -> list[Cell]:
    """The cells that a test will have measured, as far as can be told without running it.

    Its own; and the reference, where its marker says so or its function mentions `reference` or `claim`: that of the
    policy which the test's parameter `policy` names, or else the claim's where something is claimed of the cell. A test
    of a claim takes the cell and the reference with all of their seeds. A test that does not take `sota` itself asks
    the model in another way, by a fixture.
    """
    cell = cell_of(item)
    function = getattr(item, "function", None)
    if cell is None or function is None or "sota" not in inspect.signature(function).parameters:
        return []
    marker = item.get_closest_marker("sota")
    against = "against" in marker.kwargs if marker else False
    mentions = set(getattr(getattr(function, "__code__", None), "co_names", ()))
    from dspysota.experiment import contenders

    claims = mentions & {"claim", "verdict", "versus"}
    terms = profile.claimed(cell) if claims else None
    policy = terms.policy if terms else "baseline"
    policy = item.callspec.params.get("policy", policy) if hasattr(item, "callspec") else policy
    beside = against or bool(claims) or "reference" in mentions
    own = profile.seeds(cell) if claims else (cell,)
    rivals = contenders(profile, cell, policy, seeds=bool(claims)) if beside else []
    return [*own, *(rival for rival in rivals if rival not in own)]


def cell_of(item: pytest.Item) -> Cell | None:
    """The cell that a test was parametrized with."""
    callspec = getattr(item, "callspec", None)
    return callspec.params.get("cell") if callspec else None


def order(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Bring tests that use `sota` into the order of the profile's models, each server starting once.

    Only their own places are dealt anew, and among tests of one model the order stays. A test that compares models
    counts as its last one; a test without a cell comes after all.
    """
    places = [place for place, item in enumerate(items) if "sota" in getattr(item, "fixturenames", ())]
    if not places:
        return
    try:
        profile = config.stash[SESSION].profile
        models = _models(profile, references_first=config.stash[SESSION].settings.sequential)
    except pytest.UsageError:
        return  # each of these tests will say so
    ranked = sorted((items[place] for place in places), key=lambda item: _rank(item, profile, models))
    for place, item in zip(places, ranked, strict=True):
        items[place] = item


def _models(profile: Profile, *, references_first: bool) -> list[str]:
    """The profile's models in its order; where claims watch runs, the references' first, which must be complete."""
    rivals = {cell.model for cell in profile.cells if cell.role == "reference"} if references_first else set()
    names = dict.fromkeys(cell.model for cell in profile.cells)
    return sorted(names, key=lambda name: name not in rivals)


def _rank(item: pytest.Item, profile: Profile, models: list[str]) -> tuple[int, bool]:
    cell = cell_of(item)
    if cell is None or cell.model not in models:
        return (len(models), False)
    marker = item.get_closest_marker("sota")
    rival = profile.reference(cell.task) if marker and "against" in marker.kwargs else None
    used = [cell.model, *([rival.model] if rival else [])]
    return (max(models.index(model) for model in used), rival is not None)
