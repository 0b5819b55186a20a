"""What one run, and preparing its program, is expected to take."""

from __future__ import annotations

from dataclasses import dataclass

from dspysota import approaches, programs
from dspysota.experiment import twice
from dspysota.experiment.forecast import earlier
from dspysota.experiment.forecast.drafts import Draft
from dspysota.experiment.forecast.earlier import Earlier
from dspysota.experiment.plan import Plan
from dspysota.records import Run, TokenPrice

SINGLE = frozenset({"bootstrap", "bootstrap_finetune", "knn"})
"""Approaches that ask each training question at most once a round, and nothing else."""

CHARACTERS = "prompts by their characters, give or take 20%, for the model's tokenizer is not here"


@dataclass(frozen=True, kw_only=True)
class Part:
    """Amounts in all, None where unknown; those named in `most` are upper bounds. `cases` is 0 for a preparation."""

    name: str
    cases: int = 0
    calls: float | None
    prompt: float | None
    completion: float | None
    usd: float | None
    minutes: float | None
    most: frozenset[str] = frozenset()
    why: tuple[str, ...] = ()
    """Where the numbers come from."""


@dataclass(frozen=True)
class Answers:
    """Answers of a plan's model: tokens of one, and requests a question, measured or at most."""

    tokens: float
    calls: float
    most: frozenset[str]
    why: str


def of_run(plan: Plan, draft: Draft, known: Earlier) -> Part:
    """What asking a plan's questions will take, those asked twice included."""
    answers, same = _answers(plan, draft, known), known.same(plan)
    asked = len(twice.with_seconds(plan.rows, plan.ask_twice, plan.seed))
    whys = [answers.why]
    measured = earlier.tokens(same, "prompt_tokens") if same is not None else None
    if not _shows(plan):
        prompt = draft.prompt * answers.calls / draft.steps if draft.steps else 0.0
    elif measured is not None:
        prompt = measured
        whys.append("prompts as measured then")
    else:
        prompt = draft.demonstrated(answers.tokens) * answers.calls / draft.steps if draft.steps else 0.0
        whys.append("prompts as a bootstrap with four demonstrations would make them")
    if not draft.counter.exact and (measured is None or not _shows(plan)):
        whys.append(CHARACTERS)
    completion = answers.tokens * answers.calls
    quick = known.quick(plan)
    minutes = asked * completion / earlier.rate(quick) / 60 if quick is not None else None
    usd = plan.price.of(asked * prompt, asked * completion) if plan.price else None
    # Demonstrations hold answers, of which no more than a bound may be known.
    most = answers.most | {"prompt"} if answers.most and _shows(plan) and measured is None else answers.most
    return Part(
        name=" · ".join((plan.info.name, plan.cell.id)),
        cases=len(plan.rows),
        calls=asked * answers.calls,
        prompt=asked * prompt,
        completion=asked * completion,
        usd=usd,
        minutes=minutes,
        most=most,
        why=tuple(whys),
    )


def of_preparing(plan: Plan, draft: Draft, known: Earlier) -> Part | None:
    """What preparing a plan's program takes at most; None where no model is asked for it."""
    if not _asks(plan):
        return None
    whole, _ = approaches.split(plan.cell.approach)
    budget, answers, same = plan.cell.optimize.budget, _answers(plan, draft, known), known.same(plan)
    calls = _most_calls(plan, whole, draft)
    per_call = draft.prompt if whole in SINGLE else draft.demonstrated(answers.tokens)
    prompt = calls * per_call / draft.steps if calls is not None and draft.steps else None
    completion = calls * answers.tokens if calls is not None else None
    by = plan.teacher or plan
    quick = known.quick(by)
    # How long weights are trained is known afterwards.
    timed = quick if not approaches.trains(whole) else None
    bounds = [completion / earlier.rate(timed) / 60 if completion is not None and timed is not None else None]
    usd = _least(_dollars(by.price, prompt, completion), budget.usd)
    took = (
        f"; {same.info.compile.calls:,} calls were enough on {_day(same)}" if same and same.info.compile.calls else ""
    )
    return Part(
        name=f"  preparing {plan.cell.approach}",
        calls=calls,
        prompt=prompt,
        completion=completion,
        usd=usd,
        minutes=_least(*bounds, budget.minutes),
        most=frozenset({"calls", "prompt", "completion", "usd", "minutes"}),
        why=(f"at most, by its budget, and nothing where a stored program fits{took}",),
    )


def _answers(plan: Plan, draft: Draft, known: Earlier) -> Answers:
    run = known.alike(plan)
    tokens = earlier.tokens(run, "completion_tokens") if run is not None else None
    if run is not None and tokens is not None and earlier.calls(run) > 0:
        with_ = "" if known.same(plan) is run else f" with {run.info.approach}, {run.info.adapter}"
        why = f"answers as measured {_day(run)}{with_}"
        return Answers(tokens / earlier.calls(run), earlier.calls(run), frozenset(), why)
    _, samples = programs.split(plan.cell.program)
    again = 2 if plan.cell.adapter == "chat" else 1  # DSPy's asks once more what it could not read
    calls = draft.steps * (samples.count if samples else 1) * again
    most = {"completion", "usd", "minutes"}
    if again > 1 or (samples is not None and samples.kind == "best"):
        most |= {"calls", "prompt"}
    why = f"answers of at most {plan.task.max_tokens} tokens, for no earlier run tells more"
    return Answers(plan.task.max_tokens, calls, frozenset(most), why)


def _most_calls(plan: Plan, whole: str, draft: Draft) -> float | None:
    optimize = plan.cell.optimize
    if whole not in SINGLE:
        return optimize.budget.calls
    defaults = getattr(approaches.approach(whole), "DEFAULTS", {})
    rounds = {**defaults, **optimize.settings.get(whole, {})}.get("max_rounds", 1)
    rows = min(optimize.train, len(plan.data.splits.train))
    return _least(draft.steps * rows * float(str(rounds)), optimize.budget.calls)


def _asks(plan: Plan) -> bool:
    return bool(approaches.approach(plan.cell.approach).ASKS_MODEL)


def _shows(plan: Plan) -> bool:
    """Whether the prepared program may show demonstrations."""
    whole, _ = approaches.split(plan.cell.approach)
    return _asks(plan) and not approaches.trains(whole)


def _dollars(price: TokenPrice | None, prompt: float | None, completion: float | None) -> float | None:
    if price is None or prompt is None or completion is None:
        return None
    return price.of(prompt, completion)


def _least(*bounds: float | None) -> float | None:
    return min((bound for bound in bounds if bound is not None), default=None)


def _day(run: Run) -> str:
    return run.info.started[:10]
