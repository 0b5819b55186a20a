r"""GSM8K metrics: our own reading of the answer, and the two of lm-evaluation-harness.

`strict_match` and `flexible_match` follow lm-evaluation-harness 0.4.13, `lm_eval/tasks/gsm8k/gsm8k.yaml` (filters
"strict-match" and "flexible-extract", metric `exact_match` with `ignore_case` and `regexes_to_ignore`) and its
`RegexFilter` and `exact_match_hf_evaluate`. `exact_match` is ours: it reads the number that a person would read and
compares values, so "18.00" is 18, "18.5" is not 18, and "-18" keeps its sign.

Model output is hostile: every function takes time linear in the length of the text.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from decimal import Context, Decimal, InvalidOperation

INVALID = "[invalid]"
"""What lm-evaluation-harness puts in the place of an answer that its pattern does not find."""

LONGEST_NUMBER = 64
"""Characters; a longer run of digits is degenerate output, not an answer."""

_EXACT = Context(prec=LONGEST_NUMBER)

_STRICT = re.compile(r"#### (\-?[0-9\.\,]+)")
_FLEXIBLE = re.compile(r"(-?[$0-9.,]{2,})|(-?[0-9]+)")

_MARKER = re.compile(r"####|\\boxed\{|\banswer\s*(?:\bis\b|[:=])", re.IGNORECASE)
_NUMBER = re.compile(
    r"(?:(?<![A-Za-z0-9_).\-])(?P<sign>-[$£€]?|[$£€]-))?"  # the minus of "18-20" is a dash, not a sign
    r"(?P<digits>(?:(?<![A-Za-z0-9.])\.)?"  # ".5", but not the full stops of "is...18"
    r"(?:(?<![A-Za-z0-9])|(?<=USD)|(?<=EUR)|(?<=GBP))(?:[0-9][0-9.,:/]*[0-9]|[0-9])(?:[eE][+-]?[0-9]+)?)"
)
_WORD = re.compile(r"\w")
_WORKING = re.compile(r"(?:[\s0-9.,:+*/×÷xX()$£€%\\-]*=)+")
_PLAIN = re.compile(r"[0-9]*(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,4})?")
_GROUPED = re.compile(r"[1-9][0-9]{0,2}(?:,[0-9]{2,3})*,[0-9]{3}(?:\.[0-9]+)?")  # 1,000,000 and 10,00,000

# A minus with a space behind it, where nothing is before it that it could separate or be taken from; a dash between
# numbers, after a word or as a bullet of a list is none.
_MINUS = re.compile(r"((?:\A|####|[:={]|\bis\b)[ \t]*+)-[ \t]++(?=[$£€]?\.?[0-9])")

# Typographic minus signs (U+2212, and U+2013 as it is often typed); narrow, thin and no-break spaces as thousands
# separators.
_TYPOGRAPHY = str.maketrans({"\u2212": "-", "\u2013": "-", "\u00a0": ",", "\u202f": ",", "\u2009": ","})


def extract(text: str) -> Decimal | None:
    r"""Return the number that `text` gives as its answer, or None where it gives none.

    The answer is the first number on the line after the last answer marker that has one ("####", "answer is",
    "answer:", "\boxed{"), past any working ("9 * 2 =") that opens that line; without such a marker it is the last
    number of the text. Sign and decimals are kept; a minus that opens the answer may have a space behind it
    ("#### - 18"), and zeros or a currency's name may stand before the number ("007", "USD18"). Digits that are not a
    number (a time, a date, a fraction, a misgrouped "1,00", a run longer than `LONGEST_NUMBER`) are no answer: they are
    not cut down to one.

    >>> extract("16 - 3 - 4 = 9 eggs, 9 * 2 = 18.\n#### 18"), extract("18."), extract("18...")
    (Decimal('18'), Decimal('18'), Decimal('18'))
    >>> extract("$1,000"), extract("-$18"), extract("18.00"), extract("costs .5"), extract("1e3")
    (Decimal('1000'), Decimal('-18'), Decimal('18.00'), Decimal('0.5'), Decimal('1E+3'))
    >>> extract("The answer is 18 dollars out of 20"), extract("#### 9 * 2 = 18"), extract("between 18-20")
    (Decimal('18'), Decimal('18'), Decimal('20'))
    >>> extract("#### - 18"), extract("18 - 20"), extract("Answer:\\n- 18 eggs"), extract("007"), extract("USD18")
    (Decimal('-18'), Decimal('20'), Decimal('18'), Decimal('7'), Decimal('18'))
    >>> [extract(text) for text in ("", "I don't know", "10:30", "3/4", "1,00", "10 000", "NaN", "١٨")]
    [None, None, None, None, None, None, None, None]
    """
    text = _MINUS.sub(r"\1-", text.translate(_TYPOGRAPHY).replace("{,}", ","))
    for line in _marked_lines(text):
        working = _WORKING.match(line)
        token = _NUMBER.search(line, working.end() if working else 0)
        if token:
            return _decimal(token)
    last = deque(_NUMBER.finditer(text), maxlen=1)
    return _decimal(last[0]) if last else None


def exact_match(prediction: str | None, gold: str) -> float:
    """Return 1.0 where the prediction's number equals the gold number, else 0.0; no number never matches.

    >>> exact_match("18 apples", "18"), exact_match("70,000.", "70000"), exact_match("18.5", "18")
    (1.0, 1.0, 0.0)
    >>> exact_match("", "0"), exact_match(None, "0"), exact_match("I don't know", "0"), exact_match("-0.0", "0")
    (0.0, 0.0, 0.0, 1.0)
    """
    answer = None if prediction is None else extract(prediction)
    return float(answer is not None and answer == extract(gold))


def normal(answer: str) -> str | None:
    """Return the answer's number in one spelling per value, None where it gives none.

    >>> normal("18 apples"), normal("$18.00"), normal("1,000"), normal("1e3"), normal("-0.0"), normal("none")
    ('18', '18', '1000', '1000', '0', None)
    >>> normal("1e9999"), normal("10e9998")
    ('1E+9999', '1E+9999')
    """
    value = extract(answer)
    if value is None:
        return None
    value = _EXACT.normalize(value) or Decimal(0)
    return f"{value:f}" if abs(value.adjusted()) < LONGEST_NUMBER else str(value)


def strict_match(output: str, gold: str) -> float:
    r"""Return the "strict-match" score of lm-evaluation-harness: the first "#### number" equals the gold text.

    >>> strict_match("9 * 2 = 18\n#### 18", "18"), strict_match("The answer is 18", "18"), strict_match("####18", "18")
    (1.0, 0.0, 0.0)
    >>> strict_match("#### 18.00", "18"), strict_match("#### 18\n#### 20", "18"), strict_match("#### 70,000.", "70,000")
    (0.0, 1.0, 1.0)
    """
    found = _STRICT.search(output)
    return _harness_match(found[1] if found else INVALID, gold)


def flexible_match(output: str, gold: str) -> float:
    """Return the "flexible-extract" score of lm-evaluation-harness: the last run of number characters is the gold text.

    >>> flexible_match("18 dollars", "18"), flexible_match("18 dollars out of 20", "18"), flexible_match("-18", "-18")
    (1.0, 0.0, 1.0)
    >>> flexible_match("$1,000.", "1000"), flexible_match("18...", "18"), flexible_match("18-20", "20")
    (1.0, 0.0, 0.0)
    """
    last = deque(_FLEXIBLE.finditer(output), maxlen=1)
    return _harness_match((last[0][1] or last[0][2]) if last else INVALID, gold)


def _harness_match(answer: str, gold: str) -> float:
    """Compare as the harness does: `regexes_to_ignore` deleted from both sides in their order, case ignored.

    Its regex `(?s).*####[ ]` deletes everything up to the last "#### ", which is what the partition does without
    the regex's quadratic time.
    """
    left, right = (
        re.sub(r"\.$", "", text.replace(",", "").replace("$", "").rpartition("#### ")[2]).lower()
        for text in (answer.strip(), gold)
    )
    return float(left == right)


def _marked_lines(text: str) -> Iterator[str]:
    """Yield the line that each answer marker announces, the last marker's first.

    The line is the rest of the marker's own or, where that holds no word, the next one that does ("Answer:", then
    "18"). It ends at the next marker, so that no character is looked at twice.
    """
    end = len(text)
    for marker in reversed(list(_MARKER.finditer(text))):
        word = _WORD.search(text, marker.end(), end)
        if word:
            start = max(marker.end(), text.rfind("\n", marker.end(), word.start()) + 1)
            yield text[start:end].partition("\n")[0]
        end = marker.start()


def _decimal(token: re.Match[str]) -> Decimal | None:
    """Return the value of a token of `_NUMBER`, or None where its digits are no number."""
    digits = token["digits"]
    if len(digits) > LONGEST_NUMBER:
        return None
    if _GROUPED.fullmatch(digits):
        digits = digits.replace(",", "")
    elif not _PLAIN.fullmatch(digits) or _rest_of_a_group(token):
        return None
    try:
        return Decimal(f"-{digits}" if token["sign"] else digits)
    except InvalidOperation:  # cannot happen for what the patterns let through; a parse failure must not end a run
        return None


def _rest_of_a_group(token: re.Match[str]) -> bool:
    """Whether the digits are the end of a number with spaces in it, such as the 000 of "10 000"; 007 alone is 7."""
    start = token.start("digits")
    before = token.string[max(0, start - 2) : start]
    return token["digits"].startswith("0") and before[1:] == " " and before[:1].isdigit()
