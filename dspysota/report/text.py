"""How values look as text: numbers, commands, and (from `untrusted`) strings that somebody else wrote."""

from __future__ import annotations

import re
from collections.abc import Iterable

from dspysota.costs import Estimate, Summary
from dspysota.records import Failure, Usage, amount
from dspysota.stats import Interval
from dspysota.untrusted import clip, one_line, visible

__all__ = [
    "amount",
    "changed",
    "clip",
    "count",
    "digest",
    "estimated",
    "failures",
    "is_secret",
    "one_line",
    "per_question",
    "plain",
    "redacted",
    "score",
    "scored",
    "short",
    "spent",
    "tokens",
    "visible",
]

SHORT = {
    Failure.SERVER_ERROR: "server",
    Failure.CONTEXT_OVERFLOW: "overflow",
    Failure.PROGRAM_ERROR: "program",
    Failure.RETRIEVAL_MISS: "retrieval",
}
"""Failure classes whose names are too long for a terminal's line."""

_ASCII = str.maketrans({"·": "/", "–": "-", "…": "...", "×": "x", "“": '"', "”": '"', "’": "'", "∞": "inf"})

_SECRET = re.compile(r"key|token|secret|password|passwd|credential|authorization", re.IGNORECASE)
_INNOCENT = re.compile(r"tokens?$|tokenizer|batched", re.IGNORECASE)


def redacted(text: str) -> str:
    """A command line or URL without credentials: `--api-key X`, `HF_TOKEN=X`, `https://user:X@host`.

    >>> redacted("HF_TOKEN=hf_x pytest --sota-base-url http://me:pw@host/v1 --api-key sk-1 --max-tokens 32")
    'HF_TOKEN=*** pytest --sota-base-url http://***@host/v1 --api-key *** --max-tokens 32'
    """

    # Word by word, which is linear whatever the words are; a pattern with a name before its `=` would not be.
    words, after_flag = [], False
    for word in re.split(r"(\s+)", text):
        if word.isspace() or not word:
            words.append(word)
            continue
        name, by, _ = word.partition("=")
        hidden = "***" if after_flag and not word.startswith("-") else word
        after_flag = not by and word.startswith("-") and is_secret(word)
        if by and is_secret(name):
            hidden = f"{name}=***"
        words.append(_without_userinfo(hidden))
    return "".join(words)


def is_secret(name: str) -> bool:
    """Whether a flag or variable of this name holds a credential.

    >>> is_secret("VLLM_API_KEY"), is_secret("--hf-token"), is_secret("--max-num-batched-tokens"), is_secret("--dtype")
    (True, True, False, False)
    """
    return bool(_SECRET.search(name)) and not (_INNOCENT.search(name) and not re.search("[-_]token$", name, re.I))


def plain(line: str) -> str:
    """The line in ASCII, for a pipe or a log.

    >>> plain("gsm8k · cot: 0.300 – 2 × …")
    'gsm8k / cot: 0.300 - 2 x ...'
    """
    return line.translate(_ASCII).encode("ascii", "backslashreplace").decode()


def score(value: float | None) -> str:
    """A score in 0..1 with three decimals.

    >>> score(0.3), score(None)
    ('0.300', '–')
    """
    return "–" if value is None else f"{value:.3f}"


def scored(value: float | None, interval: Interval | None) -> str:
    """A score with its interval.

    >>> scored(0.3, Interval(0.21912, 0.3961))
    '0.300 [0.219, 0.396]'
    """
    if value is None or interval is None:
        return score(value)
    return f"{value:.3f} [{interval.low:.3f}, {interval.high:.3f}]"


def changed(value: float | None, interval: Interval | None) -> str:
    """A difference with its interval, signs written out.

    >>> changed(0.1, Interval(-0.0214, 0.2)), changed(None, None)
    ('+0.100 [-0.021, +0.200]', '–')
    """
    if value is None or interval is None:
        return "–"
    return f"{value:+.3f} [{interval.low:+.3f}, {interval.high:+.3f}]"


def count(value: float | None) -> str:
    """A whole number with thousands separated.

    >>> count(1303.6), count(None)
    ('1,304', '–')
    """
    return "–" if value is None else f"{value:,.0f}"


def tokens(value: float | None) -> str:
    """Tokens of answers, which a server may not report.

    >>> tokens(1303.6), tokens(None)
    ('1,304', 'not reported')
    """
    return "not reported" if value is None else count(value)


def spent(usage: Usage) -> str:
    """Tokens in all, and what they were spent on.

    >>> spent(Usage(prompt_tokens=1200, completion_tokens=34)), spent(Usage(prompt_tokens=None))
    ('1,234 (1,200 + 34)', 'not reported')
    """
    total = usage.total_tokens
    return tokens(total) if total is None else f"{total:,} ({usage.prompt_tokens:,} + {usage.completion_tokens:,})"


def short(value: float | None) -> str:
    """Seconds or a rate: three significant figures, never an exponent.

    >>> [short(x) for x in (0.01234, 2.3456, 12.34, 1234.5, 0.0, None)]
    ['0.012', '2.35', '12.3', '1,234', '0', '–']
    """
    if value is None:
        return "–"
    if value == 0:
        return "0"
    decimals = next((d for bound, d in ((0.1, 3), (10, 2), (100, 1)) if abs(value) < bound), 0)
    return f"{value:,.{decimals}f}"


def estimated(estimate: Estimate | None, unit: str) -> str:
    """An amount with its interval.

    >>> estimated(Estimate(value=0.2, interval=Interval(0.1, float("inf"))), "$"), estimated(None, "$")
    ('$0.2 [$0.1, ∞]', '–')
    """
    if estimate is None:
        return "–"
    low, high = estimate.interval
    return f"{amount(estimate.value, unit)} [{amount(low, unit)}, {amount(high, unit)}]"


def per_question(cost: Summary | None) -> str:
    """What a question cost, for a narrow place."""
    return "unknown" if cost is None or cost.per_question is None else amount(cost.per_question.value, cost.unit)


def digest(value: str | None) -> str:
    """The first twelve digits of a digest; the whole one is in run.json.

    >>> digest("0123456789abcdef"), digest(None)
    ('0123456789ab', 'not known')
    """
    return value[:12] if value else "not known"


def failures(counts: Iterable[tuple[Failure, int]]) -> str:
    """Failure classes with their numbers, for a narrow place.

    >>> failures([(Failure.RETRIEVAL_MISS, 3), (Failure.WRONG, 12)])
    'retrieval 3, wrong 12'
    """
    return ", ".join(f"{SHORT.get(kind, kind)} {n}" for kind, n in counts)


def _without_userinfo(word: str) -> str:
    before, scheme, rest = word.partition("://")
    host, slash, path = rest.partition("/")
    return f"{before}{scheme}***@{host.rpartition('@')[2]}{slash}{path}" if scheme and "@" in host else word
