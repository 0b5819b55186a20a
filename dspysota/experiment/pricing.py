"""Another price for a run that was measured before."""

from __future__ import annotations

from dspysota import catalog
from dspysota.errors import ConfigError
from dspysota.profiles import Profile
from dspysota.records import Prices, Run, TeacherPrices


def priced_by(run: Run, profile: Profile) -> Run:
    """The run, counted by the prices of a profile: what was measured stays what it is when they change."""
    use, name = profile.use(run.info.model.name), run.info.compile.teacher
    teacher = None
    if name is not None:
        teaches = profile.use(name)
        teacher = TeacherPrices(
            model=name, parameters=_parameters(name, run), tokens=teaches.price, usd_per_hour=teaches.usd_per_hour
        )
    prices = Prices(basis=profile.cost, tokens=use.price, usd_per_hour=use.usd_per_hour, teacher=teacher)
    return run.model_copy(update={"info": run.info.model_copy(update={"prices": prices})})


def _parameters(teacher: str, run: Run) -> float | None:
    known = run.info.prices.teacher if run.info.prices else None
    if known is not None and known.parameters is not None:
        return known.parameters
    try:
        return catalog.find(teacher).parameters
    except ConfigError:
        return None
