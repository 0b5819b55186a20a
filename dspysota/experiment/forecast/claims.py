"""What a profile's claims can be told by: how far off a true ratio must be, and what costs are to be expected."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from dspysota.costs.amounts import flop
from dspysota.experiment.forecast.earlier import Earlier
from dspysota.experiment.forecast.expect import Part
from dspysota.experiment.plan import Plan
from dspysota.profiles import Profile
from dspysota.profiles.values import ClaimTerms
from dspysota.records import Usage

ASSUMED = (0.5, 0.8)
"""Scores that a reference may have, where no earlier run tells."""

EARLIER_ENDS = (
    "--sota-sequential may end candidates' runs before all questions are asked: what stands above is the most."
)


def sentences(profile: Profile, plans: Sequence[Plan], parts: Mapping[str, Part], known: Earlier) -> Iterator[str]:
    """What is to be said of each task whose reference is among the plans, and of which the profile claims something.

    `parts` are the expected amounts by the plans' keys.
    """
    for reference in plans:
        rivals = [one for one in plans if one.cell.task == reference.cell.task and one is not reference]
        terms = profile.terms(reference.cell.task)
        named = reference.cell == profile.reference(reference.cell.task)
        if terms is None or not named or not rivals:
            continue
        if terms.quality_ratio is not None:
            yield _quality(profile, reference, rivals, terms.quality_ratio, known)
        candidates = [one for one in rivals if profile.claimed(one.cell) is not None]
        if terms.cost_ratio is not None and candidates:
            yield _cost(terms, reference, candidates, parts)


def _quality(profile: Profile, reference: Plan, rivals: Sequence[Plan], ratio: float, known: Earlier) -> str:
    n = min(len(one.rows) for one in (reference, *rivals))
    run = known.same(reference)
    if run is not None and run.score() > 0:
        scores, why = [run.score()], f"as it did on {run.info.started[:10]}"
    else:
        scores, why = list(ASSUMED), "no earlier run tells its score"
    told = "; ".join(f"{_told(n, score, ratio)} if {reference.cell.model} scores {score:.2f}" for score in scores)
    several = any(len(profile.seeds(one.cell)) > 1 for one in (reference, *rivals))
    seeds = " That is for one seed: what differs between several makes it less." if several else ""
    return (
        f"claim on {reference.info.name}, at least {ratio:.2f} of the reference's quality: {n:,} questions can "
        f"probably (80%) tell from {ratio:.2f} true ratios {told} ({why}).{seeds}"
    )


def _told(n: int, score: float, ratio: float) -> str:
    from dspysota.claims.planning import tellable  # late: numpy and scipy take a while

    found = tellable(n, score, ratio)
    below = f"up to {found.fail:.2f}" if found.fail is not None else "none below"
    above = f"from {found.passed:.2f}" if found.passed is not None else "none above"
    return f"{below} and {above}"


def _cost(terms: ClaimTerms, reference: Plan, candidates: Sequence[Plan], parts: Mapping[str, Part]) -> str:
    head = f"claim on {reference.info.name}, at most {terms.cost_ratio:g} of the reference's cost"
    base = _a_question(reference, parts)
    amounts = [(one.cell.id, _a_question(one, parts)) for one in candidates]
    said = [f"{name} {_over(amount, base)}" for name, amount in amounts]
    return f"{head}, by {reference.cost}: expected {', '.join(said)}, by the amounts above."


def _over(amount: float | None, base: float | None) -> str:
    return f"{amount / base:.3g}" if base and amount is not None else "not known"


def _a_question(plan: Plan, parts: Mapping[str, Part]) -> float | None:
    """What a question of a plan is expected to cost, by the basis of claims; None where that is unknown."""
    part = parts.get(plan.key)
    if part is None or not part.cases:
        return None
    if plan.cost == "list":
        amount = part.usd
    elif plan.cost == "machine":
        per_hour = plan.use.usd_per_hour
        amount = part.minutes / 60 * per_hour if per_hour is not None and part.minutes is not None else None
    elif part.prompt is None or part.completion is None:
        amount = None
    else:
        tokens = Usage(prompt_tokens=round(part.prompt), completion_tokens=round(part.completion))
        amount = flop(plan.spec.parameters if plan.spec else None, tokens)
    return None if amount is None else amount / part.cases
