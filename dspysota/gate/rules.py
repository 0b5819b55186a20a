"""What may become worse, and by how much: `accuracy:-2pp`, `p95_seconds:+20%`, `errors:+0`."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

from dspysota.errors import ConfigError

Kind = Literal["score", "seconds", "tokens", "dollars", "errors"]
Unit = Literal["pp", "%", ""]

PERCENTILES = {f"p{q}_seconds": q for q in (50, 90, 95, 99)}
"""The latency rules, and the percentile of the seconds a question that each one reads."""

COSTS: dict[str, Kind] = {
    **dict.fromkeys(PERCENTILES, "seconds"),
    "tokens_per_question": "tokens",
    "usd_per_question": "dollars",
    "errors": "errors",
}
"""What less of is better, besides the metrics of a task, of which more is better."""

UNITS: dict[Kind, tuple[Unit, ...]] = {
    "score": ("pp", "%", ""),
    "seconds": ("%", ""),
    "tokens": ("%", ""),
    "dollars": ("%", ""),
    "errors": ("",),
}
"""Points of a score are absolute, percents relative to the baseline, and a bare number is in the metric's own unit."""

_SAID: dict[Kind, str] = {
    "score": "pp (percentage points), % (of the baseline) or none (of 0..1)",
    "seconds": "% (of the baseline) or none (seconds)",
    "tokens": "% (of the baseline) or none (tokens)",
    "dollars": "% (of the baseline) or none (dollars)",
    "errors": "none (cases)",
}
_FORM = re.compile(r"(?P<metric>[A-Za-z]\w*)\s*:\s*(?P<sign>[+-]?)(?P<number>\d+(?:\.\d*)?|\.\d+)\s*(?P<unit>\D*)")
_OFF = re.compile(r"(?P<metric>[A-Za-z]\w*)\s*:\s*off")
EXAMPLES = "accuracy:-2pp, f1:-0.02, em:-5%, p95_seconds:+20%, tokens_per_question:+10% or errors:+0"


@dataclass(frozen=True, kw_only=True)
class Rule:
    """How much worse one metric may become; written as text, which `Rule.parse` reads.

    metric   `accuracy` (the task's primary metric), the exact name of a metric, or a key of `COSTS`
    most     how far in the bad direction, at least 0: points of 0..1, a fraction of the baseline, or the metric's unit
    unit     `pp`, `%` or none
    off      the metric is not judged at all
    asked    somebody asked for it; what a rule that comes by default cannot judge turns no gate red
    """

    metric: str
    most: float = 0.0
    unit: Unit = ""
    off: bool = False
    asked: bool = True

    @classmethod
    def parse(cls, text: str, metrics: Collection[str] | None = None) -> Rule:
        """The rule that `text` states; `metrics` are the names of scores that exist, None where that is not known.

        Raises ConfigError naming what is wrong, and what would be right.

        >>> rule = Rule.parse("accuracy:-2pp")
        >>> rule.metric, rule.most, str(rule)
        ('accuracy', 0.02, 'accuracy:-2pp')
        >>> str(Rule.parse("p95_seconds:+12.5%"))
        'p95_seconds:+12.5%'
        """
        text = text.strip()
        if found := _OFF.fullmatch(text):
            return cls(metric=_known(text, found["metric"], metrics), off=True)
        found = _FORM.fullmatch(text)
        if found is None:
            raise ConfigError(f"Rule {text!r} cannot be read; write a metric, a colon and a limit, such as {EXAMPLES}.")
        metric = _known(text, found["metric"], metrics)
        kind, unit = kind_of(metric), _unit(text, metric, found["unit"].strip())
        _check_sign(text, metric, kind, found["sign"])
        number = float(found["number"])
        most = number if unit == "" else number / 100
        if kind == "score" and most > 1:
            raise ConfigError(f"Rule {text!r} can never be broken: no score falls by more than 100pp, 100% or 1.")
        if kind == "errors" and not number.is_integer():
            raise ConfigError(f"Rule {text!r} has no number of cases; it must be +0, +1, +2, …")
        return cls(metric=metric, most=most, unit=unit)

    @property
    def kind(self) -> Kind:
        """What the metric is a measure of."""
        return kind_of(self.metric)

    def __str__(self) -> str:
        """The rule as it may be written."""
        if self.off:
            return f"{self.metric}:off"
        number = self.most if self.unit == "" else round(self.most * 100, 10)
        return f"{self.metric}:{_sign(self.kind)}{number:.12g}{self.unit}"

    def allows(self, value: float, baseline: float) -> bool:
        """Whether `value` is no further from `baseline` in the bad direction than the rule says."""
        worse = baseline - value if self.kind == "score" else value - baseline
        most = self.most * abs(baseline) if self.unit == "%" else self.most
        return worse <= most + 1e-9 * max(1.0, abs(baseline))  # what floating point loses breaks no rule


def kind_of(metric: str) -> Kind:
    """What a metric is a measure of; every name that is none of `COSTS` is that of a score."""
    return COSTS.get(metric, "score")


DEFAULTS = (
    Rule(metric="accuracy", most=0.02, unit="pp", asked=False),
    Rule(metric="errors", asked=False),
    Rule(metric="tokens_per_question", most=0.10, unit="%", asked=False),
)
"""The rules where nobody wrote others: what two machines must agree on.

Two points are about what 1,300 paired questions can tell from noise; a new error is no noise; and tokens stand for cost
without a price. Latency and dollars depend on the machine and on price lists: who wants them judged says so.
"""


def layered(*layers: Iterable[Rule], keep_off: bool = False) -> tuple[Rule, ...]:
    """The rules that hold: of each metric that of the last layer naming it, and none for a metric that is off there.

    With `keep_off` that one is kept, too, to take away a rule of further layers.

    >>> [str(rule) for rule in layered(DEFAULTS, [Rule.parse("accuracy:-5pp"), Rule.parse("errors:off")])]
    ['accuracy:-5pp', 'tokens_per_question:+10%']
    """
    held: dict[str, Rule] = {}
    for layer in layers:
        held |= {rule.metric: rule for rule in layer}
    return tuple(rule for rule in held.values() if keep_off or not rule.off)


def parse_all(texts: Iterable[str], metrics: Collection[str] | None = None) -> tuple[Rule, ...]:
    """The rules of texts that may hold several each, separated by commas. Raises ConfigError, as for two of a metric.

    >>> [str(rule) for rule in parse_all(["f1:-0.02, em:-5%", "errors:+1"])]
    ['f1:-0.02', 'em:-5%', 'errors:+1']
    """
    rules: dict[str, Rule] = {}
    for one in (part for text in texts for part in text.split(",") if part.strip()):
        rule = Rule.parse(one, metrics)
        if rules.setdefault(rule.metric, rule) != rule:
            raise ConfigError(
                f"Rules {str(rules[rule.metric])!r} and {str(rule)!r} both limit {rule.metric}; keep one."
            )
    return tuple(rules.values())


def _known(text: str, metric: str, metrics: Collection[str] | None) -> str:
    if metrics is None or metric in COSTS or metric in metrics or metric == "accuracy":
        return metric
    valid = list(dict.fromkeys(["accuracy", *metrics, *COSTS]))
    near = get_close_matches(metric, valid, n=1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    raise ConfigError(f"Rule {text!r} limits {metric!r}, which is unknown; {hint}valid are {', '.join(valid)}.")


def _unit(text: str, metric: str, written: str) -> Unit:
    kind = kind_of(metric)
    for unit in UNITS[kind]:
        if unit == written:
            return unit
    raise ConfigError(f"Rule {text!r} has the unit {written!r}; {metric} is limited in {_SAID[kind]}.")


def _sign(kind: Kind) -> str:
    return "-" if kind == "score" else "+"


def _check_sign(text: str, metric: str, kind: Kind, sign: str) -> None:
    if sign == _sign(kind):
        return
    better, moves = ("more", "fall") if kind == "score" else ("less", "rise")
    right = re.sub(r":\s*[+-]?", f":{_sign(kind)}", text, count=1)
    raise ConfigError(
        f"Rule {text!r} has {'the wrong sign' if sign else 'no sign'}: {better} {metric} is better, so a rule says how "
        f"far it may {moves}, as {right!r} does."
    )
