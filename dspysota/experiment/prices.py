"""What the models of a profile cost: the one place where a session's dollars come from."""

from __future__ import annotations

from collections.abc import Iterable

from dspysota import catalog
from dspysota.errors import ConfigError
from dspysota.profiles import ModelUse, Profile
from dspysota.records import Basis, Call, Prices, Run, TeacherPrices, TokenPrice


def check_priced(model: str, price: TokenPrice | None) -> None:
    """Raise ConfigError for a model without a price, where dollars are to be limited: unknown is never 0."""
    if price is None:
        raise ConfigError(
            f"--sota-max-cost cannot count what {model!r} costs: it has no price. Give it one in the profile: models: "
            f"{{{model}: {{price: {{prompt: 0.1, completion: 0.1}}}}}}, in US dollars per million tokens, 0 where they "
            "cost nothing; or leave --sota-max-cost out."
        )


def spent(price: TokenPrice | None, calls: Iterable[Call]) -> float | None:
    """US dollars of some calls; None without a price, or where the server did not say what one of them took."""
    dollars = [price.of_usage(call.usage) if price else None for call in calls]
    known = [one for one in dollars if one is not None]
    return sum(known) if len(known) == len(dollars) else None


def counted_by(basis: Basis | None, use: ModelUse, teacher: TeacherPrices | None) -> Prices:
    """What a run of a model is counted by; `teacher` is the model that taught, where that was another one."""
    return Prices(basis=basis, tokens=use.price, usd_per_hour=use.usd_per_hour, teacher=teacher)


def teaching(model: str, use: ModelUse, parameters: float | None) -> TeacherPrices:
    """What is known of a teacher's price; `parameters` is None where nobody knows how many it has."""
    return TeacherPrices(model=model, parameters=parameters, tokens=use.price, usd_per_hour=use.usd_per_hour)


def priced_by(run: Run, profile: Profile) -> Run:
    """The run, counted by the prices of a profile: what was measured stays what it is when they change."""
    name = run.info.compile.teacher
    teacher = None if name is None else teaching(name, profile.use(name), _parameters(name, run))
    prices = counted_by(profile.cost, profile.use(run.info.model.name), teacher)
    return run.model_copy(update={"info": run.info.model_copy(update={"prices": prices})})


def _parameters(teacher: str, run: Run) -> float | None:
    known = run.info.prices.teacher if run.info.prices else None
    if known is not None and known.parameters is not None:
        return known.parameters
    try:
        return catalog.find(teacher).parameters
    except ConfigError:
        return None
