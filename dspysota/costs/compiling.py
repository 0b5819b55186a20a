"""What it cost to prepare a run's program, the answers of a teacher included."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from dspysota.costs.amounts import flop, prices_of
from dspysota.records import Basis, Phase, Run, Training, Usage


@dataclass(frozen=True, kw_only=True)
class Spend:
    """What preparing took, in the unit of the basis; None where that is unknown, 0 where no model was asked."""

    total: float | None
    phases: tuple[tuple[str, int, float | None], ...]
    """Name, calls and amount of each phase. By `machine` amounts of phases are unknown: they overlap."""
    teacher: float | None
    """Of the total, what another model that taught or proposed took; 0 where there was none."""


def spend(run: Run, basis: Basis) -> Spend:
    """What it took to prepare the run's program, whenever that was: a program that was reused was paid for, too."""
    info = run.info.compile
    if not info.calls:
        return Spend(total=0.0, phases=(), teacher=0.0)
    if basis == "machine":
        return _by_machine(run)
    parts = [dict(_parts(run, phase, basis)) for phase in info.phases]
    phases = [(phase.name, phase.calls, _sum(part.values())) for phase, part in zip(info.phases, parts, strict=True)]
    if info.training is not None:
        phases.append(("training", 0, _trained(run, info.training, basis)))
    amounts = [amount for *_, amount in phases]
    own = run.info.model.name
    return Spend(
        # Programs of an early version have no phases, and so no one knows who was asked.
        total=_sum(amounts) if amounts else _amount(run, own, info.usage, basis) if not info.teacher else None,
        phases=tuple(phases),
        teacher=_sum(part[name] for part in parts for name in part if name != own) if info.teacher else 0.0,
    )


def _parts(run: Run, phase: Phase, basis: Basis) -> Iterator[tuple[str, float | None]]:
    """Amounts of a phase by the models that were asked. Without a teacher that can only have been the run's own."""
    own, teacher = run.info.model.name, run.info.compile.teacher
    if phase.by_model and teacher:
        for name, usage in phase.by_model.items():
            yield name, _amount(run, name, usage, basis)
    else:
        yield own, None if teacher else _amount(run, own, phase.usage, basis)


def _amount(run: Run, model: str, usage: Usage, basis: Basis) -> float | None:
    prices, teaches = prices_of(run), model != run.info.model.name
    teacher = prices.teacher if prices.teacher and prices.teacher.model == model else None
    if basis == "list":
        price = prices.tokens if not teaches else teacher.tokens if teacher else None
        return price.of_usage(usage) if price else None
    return flop(run.info.model.parameters if not teaches else teacher.parameters if teacher else None, usage)


def _trained(run: Run, training: Training, basis: Basis) -> float | None:
    """What training took; nobody lists a price of it.

    In FLOP two forward passes of each token: Kaplan et al. (2020), section 2.1, count twice as much for the way back
    as for the way there, half of it for the gradients of weights; those of the frozen ones are not computed, and the
    low-rank ones are left out. Where memory was saved by computing activations again, it is one more.
    """
    if basis == "list" or run.info.model.parameters is None:
        return None
    return training.passes * 2.0 * run.info.model.parameters * training.tokens


def _by_machine(run: Run) -> Spend:
    """Hours from the first request to the last, and of training. A teacher's machine is paid for all of them."""
    info, prices = run.info.compile, prices_of(run)
    hours = info.seconds / 3600
    own = None if prices.usd_per_hour is None else prices.usd_per_hour * hours
    teacher: float | None = 0.0
    if info.teacher:
        rate = prices.teacher.usd_per_hour if prices.teacher else None
        teacher = None if rate is None else rate * hours
    phases = tuple((phase.name, phase.calls, None) for phase in info.phases)
    return Spend(total=_sum([own, teacher]), phases=phases, teacher=teacher)


def _sum(amounts: Iterable[float | None]) -> float | None:
    given = list(amounts)
    return None if None in given else math.fsum(amount for amount in given if amount is not None)
