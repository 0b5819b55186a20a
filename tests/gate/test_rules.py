"""What a rule's text means, and what is said of one that cannot be meant."""

import pytest

from dspysota.errors import ConfigError
from dspysota.gate import DEFAULTS, Rule, layered
from dspysota.gate.rules import parse_all

METRICS = ("exact_match", "f1", "em")


@pytest.mark.parametrize(
    "text, baseline, allowed, refused",
    [
        ("accuracy:-2pp", 0.50, 0.48, 0.479),
        ("f1:-0.02", 0.50, 0.48, 0.479),
        ("em:-5%", 0.40, 0.38, 0.379),
        ("accuracy:-0.5pp", 0.50, 0.495, 0.494),
        ("p95_seconds:+20%", 10.0, 12.0, 12.01),
        ("p50_seconds:+0.5", 1.0, 1.5, 1.51),
        ("usd_per_question:+10%", 0.001, 0.0011, 0.00111),
        ("tokens_per_question:+12.5%", 800.0, 900.0, 900.1),
        ("errors:+0", 2.0, 2.0, 3.0),
    ],
)
def test_a_rule_allows_what_it_says_and_no_more(text, baseline, allowed, refused):
    """Points are absolute, percents relative, bare numbers in the metric's unit; the bad direction is the metric's."""
    rule = Rule.parse(text, METRICS)

    assert rule.allows(allowed, baseline)
    assert not rule.allows(refused, baseline)
    assert rule.allows(2 * baseline - refused, baseline)
    assert Rule.parse(str(rule), METRICS) == rule


@pytest.mark.parametrize(
    "text, said",
    [
        ("acuracy:-2pp", "did you mean 'accuracy'? valid are accuracy, exact_match, f1, em, p50_seconds"),
        (
            "accuracy:+2pp",
            "more accuracy is better, so a rule says how far it may fall, as 'accuracy:-2pp'",
        ),
        ("p95_seconds:-20%", "wrong sign: less p95_seconds is better, so a rule says how far it may rise"),
        ("errors:0", "no sign: less errors is better"),
        ("p95_seconds:+20pp", "unit 'pp'; p95_seconds is limited in % (of the baseline) or none (seconds)"),
        ("accuracy:-2points", "unit 'points'; accuracy is limited in pp (percentage points)"),
        ("errors:+10%", "unit '%'; errors is limited in none (cases)"),
        ("errors:+0.5", "no number of cases"),
        ("accuracy:-150pp", "can never be broken"),
        ("accuracy", "cannot be read; write a metric, a colon and a limit"),
        ("accuracy:-nan", "cannot be read"),
        ("accuracy:--2pp", "cannot be read"),
    ],
)
def test_a_rule_that_cannot_be_meant_is_one_sentence(text, said):
    """It names the text, what is wrong, and what would be right."""
    with pytest.raises(ConfigError) as wrong:
        Rule.parse(text, METRICS)

    assert repr(text) in str(wrong.value)
    assert said in str(wrong.value)
    assert "\n" not in str(wrong.value)


def test_later_rules_go_before_earlier_ones_of_their_metric():
    """The defaults hold for what nobody mentions, and `off` takes one away."""
    session = parse_all(["accuracy:-5pp, p95_seconds:+20%"])
    marker = parse_all(["accuracy:-10pp", "errors:off"])

    held = [str(rule) for rule in layered(DEFAULTS, session, marker)]

    assert held == ["accuracy:-10pp", "tokens_per_question:+10%", "p95_seconds:+20%"]


def test_two_limits_of_one_metric_contradict_each_other():
    """Nobody can tell which of them was meant."""
    with pytest.raises(ConfigError, match=r"'f1:-0.02' and 'f1:-0.1' both limit f1; keep one"):
        parse_all(["f1:-0.02,f1:-0.1"])
