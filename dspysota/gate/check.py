"""What the rules say of a run beside its baseline, and of a session beside a whole baseline."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

from dspysota import costs
from dspysota.gate import changes, sentences
from dspysota.gate.changes import Paired
from dspysota.gate.identity import PRICE, Asked, Identity, differences, latency_refusals, matched, refusals
from dspysota.gate.result import Change, Finding, Gate, Pairing, Word
from dspysota.gate.rules import DEFAULTS, Rule
from dspysota.records import Run

Rules = Callable[[Run], Sequence[Rule]]
"""The rules that hold for a run."""


def check(
    run: Run,
    baseline: Run,
    rules: Sequence[Rule] = DEFAULTS,
    strict: bool = False,
) -> tuple[Finding, ...]:
    """What the rules say of `run` beside `baseline`: see `compare`, of whose answer these are the findings."""
    return compare(run, baseline, rules, strict).findings


def compare(
    run: Run,
    baseline: Run,
    rules: Sequence[Rule] = DEFAULTS,
    strict: bool = False,
) -> Pairing:
    """A run beside its baseline, on the examples that both answered.

    A rule is broken by a change that is larger than it allows and, unless `strict`, beyond noise: the 95% interval of
    the change leaves zero out. Errors are counted, not estimated, so for them there is no noise. Other weights, rows or
    metrics are refused, and so is a run that a decided claim ended early: then no rule is applied.
    """
    paired = Paired.of(run, baseline)
    refused = refusals(run.info, baseline.info)
    found = {name: changes.change(name, paired) for name in _names(run, rules)}
    lost, won = paired.flips()
    if refused or run.ended_early:
        why = sentences.refused(refused) if refused else sentences.ended_early(run)
        findings = [Finding(word=Word.REFUSED, sentence=why, fails=True)]
    else:
        findings = [*_examples(paired), *(one for rule in rules for one in _apply(rule, paired, found, strict))]
    return Pairing(
        name=run.name,
        run_key=run.info.key,
        baseline_key=baseline.info.key,
        changes=tuple(found.values()),
        findings=tuple(findings),
        lost=lost,
        won=won,
        differences=tuple(differences(run.info, baseline.info)),
    )


@dataclass(frozen=True, kw_only=True)
class Scope:
    """What a session was to measure, so that what is missing from it can be told from what nobody asked for.

    `asked` are the cells of its tests; `removed` those that the profile had when the baseline was saved and has no
    more.
    """

    asked: Collection[Asked] = ()
    removed: Collection[Asked] = ()

    def gone(self, baseline: Run) -> str:
        """Why a baseline's run that was not measured should have been; empty where it should not."""
        asked = Identity.of(baseline.info).asked
        if asked in self.asked:
            return "this session was to measure it, and did not"
        return "the profile has no such cell any more" if asked in self.removed else ""


def decide(  # noqa: PLR0913  the parts of a decision, all by keyword
    runs: Sequence[Run],
    baselines: Sequence[Run],
    *,
    name: str,
    rules: Rules = lambda run: DEFAULTS,
    shown: Sequence[Rule] = DEFAULTS,
    strict: bool = False,
    scope: Scope | None = None,
) -> Gate:
    """The gate on all runs of a session: each beside its baseline, NEW without one, GONE where one is missing.

    `shown` are the rules of the session, of which `rules` gives each run its own. Without a `scope` everything in the
    baseline is to be there.
    """
    pairs, left = matched(runs, baselines)
    found = [compare(run, baseline, rules(run), strict) if baseline else _new(run) for run, baseline in pairs]
    unasked = []
    for baseline in left:
        why = scope.gone(baseline) if scope else "the other side does not"
        if why:
            found.append(_gone(baseline, why))
        else:
            unasked.append(baseline.name)
    notes = [*sentences.unasked(unasked), *sentences.idle(shown, runs)]
    return Gate(baseline=name, rules=tuple(map(str, shown)), strict=strict, runs=tuple(found), notes=tuple(notes))


def _names(run: Run, rules: Sequence[Rule]) -> list[str]:
    return changes.names(run, [rule.metric for rule in rules])


def _new(run: Run) -> Pairing:
    finding = Finding(word=Word.NEW, sentence="the baseline has no such run, so nothing was compared")
    return Pairing(name=run.name, run_key=run.info.key, baseline_key=None, findings=(finding,))


def _gone(baseline: Run, why: str) -> Pairing:
    cure = "save a new baseline if that is meant"
    finding = Finding(word=Word.GONE, sentence=f"the baseline has it, and {why}; {cure}", fails=True)
    return Pairing(name=baseline.name, run_key=None, baseline_key=baseline.info.key, findings=(finding,))


def _examples(paired: Paired) -> Iterator[Finding]:
    if paired.gone:
        yield Finding(word=Word.GONE, sentence=sentences.examples(paired.gone, "was not answered now"), fails=True)
    if paired.new:
        yield Finding(word=Word.NEW, sentence=sentences.examples(paired.new, "has no answer in the baseline"))


def _apply(rule: Rule, paired: Paired, found: dict[str, Change], strict: bool) -> Iterator[Finding]:
    metric = paired.run.info.primary if rule.metric == "accuracy" else rule.metric
    if metric not in found:
        return  # a metric of another task
    one = found[metric]
    if why := _unfit(rule, paired, one):
        yield Finding(word=Word.REFUSED, sentence=why, metric=metric, rule=str(rule), fails=rule.asked)
        return
    assert one.value is not None
    assert one.baseline is not None, "what is unknown was refused"
    noise = one.beyond_noise
    broken = not rule.allows(one.value, one.baseline)
    certain = strict or rule.kind == "errors" or noise < 0
    word = Word.WORSE if broken and certain else Word.BETTER if noise > 0 else Word.OK
    if rule.kind == "errors" and one.value < one.baseline:
        word = Word.BETTER
    aside = _aside(rule, paired, broken, word)
    sentence = sentences.changed(rule, one, aside)
    yield Finding(word=word, sentence=sentence, metric=metric, rule=str(rule), fails=word is Word.WORSE)


def _aside(rule: Rule, paired: Paired, broken: bool, word: Word) -> str:
    """What must be said beside the numbers: why a broken rule is let pass, or what moved the dollars."""
    if broken and word is Word.OK:
        return "beyond the rule, but within noise"
    if rule.kind == "dollars":
        found = differences(paired.run.info, paired.baseline.info)
        return "; ".join(str(one) for one in found if one.what.startswith(f"{PRICE} "))
    return ""


def _unfit(rule: Rule, paired: Paired, one: Change) -> str:
    """Why a rule cannot be applied, in a sentence; empty where it can."""
    sides = {"run": paired.run.info, "baseline": paired.baseline.info}
    if rule.kind == "seconds":
        for side, info in sides.items():
            if info.provenance != "measured":
                return f"{rule.metric} cannot be judged: those of the {side} are {info.provenance}, not measured"
        if off := latency_refusals(paired.run.info, paired.baseline.info):
            return sentences.not_comparable(rule, off)
    if rule.kind == "dollars":
        mine, theirs = costs.dollars(paired.run), costs.dollars(paired.baseline)
        if mine and theirs and mine != theirs:
            return f"{rule.metric} cannot be judged: the baseline is counted by {theirs}, the run by {mine}"
    unknown = [side for side, value in zip(sides, (one.value, one.baseline), strict=True) if value is None]
    if unknown:
        return sentences.unknown(rule, unknown)
    return ""


def removed(before: Collection[Asked], now: Collection[Asked], tasks: Collection[str]) -> set[Asked]:
    """The cells that a profile had and has no more, of the tasks that a session measures."""
    return {cell for cell in before if cell not in now and cell.task in tasks}
