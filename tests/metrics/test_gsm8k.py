import time
from decimal import Decimal

import pytest

from dspysota.metrics.gsm8k import exact_match, extract, flexible_match, strict_match

LONG = 250_000


@pytest.mark.parametrize(
    "text, number",
    [
        ("18", "18"),
        ("18.", "18"),
        ("18...", "18"),
        ("18.00", "18"),
        ("18.5", "18.5"),
        ("-18", "-18"),
        ("−18", "-18"),
        ("$-18", "-18"),
        ("-$1,234.50", "-1234.5"),
        ("$1,000", "1000"),
        ("70,000.", "70000"),
        ("1,00,000", "100000"),
        ("1\u202f000", "1000"),
        ("\\boxed{1{,}000}", "1000"),
        ("1e3", "1000"),
        ("1e999", "1e999"),
        ("18 - 20", "20"),
        ("- 18", "-18"),
        ("– 18", "-18"),
        ("–18", "-18"),
        ("- $18", "-18"),
        ("3 - 21 = - 18", "-18"),
        ("18 – 20", "20"),
        ("18–20", "20"),
        ("The total – 18", "18"),
        ("- 20 apples\n- 18 pears", "18"),
        ("007", "7"),
        ("00", "0"),
        ("00.50", "0.5"),
        ("USD18", "18"),
        ("US$18", "18"),
        ("EUR1,000.50", "1000.5"),
        ("about 18-20", "20"),
        ("18 dollars (out of 20)", "20"),
        ("18%", "18"),
        ("**18**", "18"),
        ("答案是18元", "18"),
    ],
)
def test_a_number_is_read_as_a_person_reads_it(text, number):
    """Sign, decimals and thousands separators are kept or dropped as the writer meant them."""
    assert extract(text) == Decimal(number)


@pytest.mark.parametrize(
    "text, number",
    [
        ("9 + 9 = 18\n#### 18", "18"),
        ("Let me think\n#### 18\n\nThat took 2 steps.", "18"),
        ("#### 18\n\nThe answer is above.", "18"),
        ("#### 9 * 2 = $18", "18"),
        ("#### - 18", "-18"),
        ("#### 3 - 21 = − 18", "-18"),
        ("The answer is - $18.", "-18"),
        ("Answer: – 18", "-18"),
        ("Answer:\n- 18 eggs", "18"),
        ("\\boxed{- 18}", "-18"),
        ("The answer is 18 since 2*10=20 is too many.", "18"),
        ("**Final Answer:**\n\n18 eggs out of 20", "18"),
        ("\\[ \\boxed{18} \\] and not 20", "18"),
        ("Answer: 18 dollars (out of 20)", "18"),
        ("#### 17\nNo, wait.\n#### 18", "18"),
        ("####", None),
        ("She sells 9 and gets 18.\n####", "18"),
        ("#### 10:30", None),
    ],
)
def test_the_number_after_the_last_marker_is_the_answer(text, number):
    """What follows the last answer marker with a number decides; without one, the last number of the text."""
    assert extract(text) == (None if number is None else Decimal(number))


@pytest.mark.parametrize(
    "text",
    [
        *("", " \n", "I don't know", "10:30", "3/4", "12/05/2020", "1,00", "10 000", "3.4.5", "NaN", "inf", "١٨"),
        *("x18", "1 007", "USDX18", "9" * 65, "1e99999", "1e" + "9" * 60),
    ],
)
def test_what_is_not_a_number_is_no_answer(text):
    """Digits of something else are not cut down to a number that happens to be in them."""
    assert extract(text) is None


@pytest.mark.parametrize("prediction", [None, "", " ", "I don't know", "zero", "####", "10 000", "1,00", "0/0"])
def test_no_answer_never_matches_zero(prediction):
    """A parse failure is no answer, and in particular it is not the answer 0."""
    assert exact_match(prediction, "0") == 0.0


def test_values_are_compared_and_not_their_writing():
    """Equal numbers match however they are written, and nearly equal ones do not."""
    assert exact_match("1,234.0", "1234") == 1.0
    assert exact_match("-0", "0") == 1.0
    assert exact_match("-18", "18") == 0.0
    assert exact_match("18.0000001", "18") == 0.0
    assert exact_match("18", "not a number") == 0.0


@pytest.mark.parametrize(
    "output, gold, strict, flexible",
    [
        ("#### 18", "18", 1, 1),
        ("#### -18", "-18", 1, 1),
        ("#### 70,000.", "70000", 1, 1),
        ("#### 18.00", "18", 0, 0),
        ("#### 18\n#### 20", "18", 1, 0),
        ("####18", "18", 0, 1),
        ("The answer is 18.", "18", 0, 1),
        ("$18", "18", 0, 1),
        ("#### $18", "18", 0, 1),
        ("-18", "18", 0, 0),
        ("18 dollars (out of 20)", "18", 0, 0),
        ("3/4", "4", 0, 1),
        ("10:30", "30", 0, 1),
        ("about 18-20", "-20", 0, 1),
        ("18...", "18", 0, 0),
        ("1e3", "3", 0, 1),
        ("I don't know", "0", 0, 0),
        ("", "0", 0, 0),
        ("", "", 0, 0),
        ("#### 5", "He has 2 + 3 = 5.\n#### 5", 1, 1),
        ("#### 5", "He has 2 + 3 = 5.\n##,$## 5", 1, 1),
    ],
)
def test_strict_and_flexible_match_agree_with_the_harness(output, gold, strict, flexible):
    """Scores recorded from lm-evaluation-harness 0.4.13 for every edge of its two filters."""
    assert (strict_match(output, gold), flexible_match(output, gold)) == (strict, flexible)


@pytest.mark.parametrize(
    "piece",
    [
        "9",
        "#",
        "#### ",
        "answer is ",
        "1.",
        "1,",
        "1 ",
        "-",
        "$-",
        "=1",
        "1e",
        "\\boxed{",
        "answer\n",
        "\u2212",
        ": ",
        "- ",
        "=- ",
    ],
)
def test_long_output_is_read_in_linear_time(piece):
    """Degenerate output neither hangs nor ends a run (linear: a fraction of a second; quadratic: many minutes)."""
    text = "####" + piece * (LONG // len(piece))
    started = time.process_time()

    for score in (exact_match, strict_match, flexible_match):
        assert score(text, "18") == 0.0

    assert time.process_time() - started < 30
