"""Cases as blocks of deflated JSON in base64, within a number of bytes."""

from __future__ import annotations

import base64
import json
import math
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from dspysota.records import Call, Case, Usage
from dspysota.report.examples.paragraphs import others, paragraphs
from dspysota.report.examples.pool import Pool
from dspysota.report.examples.text import MOST, packed, told
from dspysota.report.text import visible

LIMITS = (MOST, 8_000, 4_000, 2_000, 1_000, 500, 200, 100)
"""Characters of a text that are kept: the first of these with which everything fits."""

BLOCK = 400_000
"""Bytes of JSON after which a block ends, with its example: small enough to be unpacked in a few milliseconds."""

Cases = Sequence[tuple[int, Case]]
"""Each with the number of its example."""


@dataclass(frozen=True)
class Block:
    """Cases that lie side by side; `first` is the place of the first of them among all."""

    first: int
    data: str


def deflated(value: object) -> str:
    """A value as JSON, deflated (RFC 1950), in base64: no character of it means anything to HTML."""
    return _base64(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())


def fitted(cases: Cases, pool: Pool, most_bytes: int) -> tuple[int, str, tuple[Block, ...]]:
    """The number of characters that texts are cut to, the pool's messages, and the blocks, within `most_bytes`.

    With the least number of characters they are what they are.
    """
    most, lines = MOST, _lines(cases, pool, MOST)
    while True:
        shared = deflated([[visible(one.role), packed(one.content, most)] for one in pool.messages])
        blocks = tuple(_blocks(cases, lines))
        taken = len(shared) + sum(len(block.data) for block in blocks)
        smaller = [limit for limit in LIMITS if limit < most]
        if taken <= most_bytes or not smaller:
            return most, shared, blocks
        wanted = sum(map(len, lines)) * max(0, most_bytes - len(shared)) / taken
        for most in smaller:
            lines = _lines(cases, pool, most)
            if sum(map(len, lines)) <= wanted:
                break


def _blocks(cases: Cases, lines: Sequence[bytes]) -> Iterator[Block]:
    first, held = 0, 0
    for place, line in enumerate(lines):
        new = place == 0 or cases[place][0] != cases[place - 1][0]
        if held + len(line) > BLOCK and (new or held > 4 * BLOCK) and place > first:
            yield Block(first, _base64(b"[" + b",".join(lines[first:place]) + b"]"))
            first, held = place, 0
        held += len(line)
    if lines:
        yield Block(first, _base64(b"[" + b",".join(lines[first:]) + b"]"))


def _base64(data: bytes) -> str:
    return base64.b64encode(zlib.compress(data, 9)).decode()


def _lines(cases: Cases, pool: Pool, most: int) -> list[bytes]:
    return [
        json.dumps(as_json(case, pool, most), ensure_ascii=False, separators=(",", ":")).encode() for _, case in cases
    ]


def as_json(case: Case, pool: Pool, most: int) -> Mapping[str, object]:
    """Everything about a case but what the index has; texts of more than `most` characters as [text, left off]."""
    return {
        "question": packed(case.question, most),
        "gold": packed(case.gold, most),
        "prediction": None if case.prediction is None else packed(case.prediction, most),
        "error": None if case.error is None else packed(case.error, most),
        "scores": [[visible(name), number(value, 4)] for name, value in case.scores.items()],
        "usage": _usage(case.usage),
        "details": [[visible(name), packed(told(value), most)] for name, value in others(case)],
        "paragraphs": [
            [packed(one.title, most), one.mark, one.note, packed(one.text, most)] for one in paragraphs(case)
        ],
        "calls": [_call(call, pool, most) for call in case.calls],
    }


def _call(call: Call, pool: Pool, most: int) -> Mapping[str, object]:
    places = [pool.place(message) for message in call.messages]
    return {
        "messages": [
            [visible(message.role), packed(message.content, most)] if place is None else place
            for message, place in zip(call.messages, places, strict=True)
        ],
        "output": packed(call.output, most),
        "usage": _usage(call.usage),
        "seconds": number(call.seconds),
        "first": number(call.first_token_seconds),
        "queue": number(call.queue_seconds),
        "finish": None if call.finish_reason is None else packed(call.finish_reason, most),
        "attempts": call.attempts,
        "retry": number(call.retry_seconds),
        "error": None if call.error is None else packed(call.error, most),
    }


def _usage(usage: Usage) -> list[int | None]:
    return [usage.prompt_tokens, usage.completion_tokens, usage.cached_tokens]


def number(value: float | None, digits: int = 3) -> float | None:
    """As many significant digits as are shown; None for what JSON cannot hold.

    >>> number(144.02853), number(0.0012345), number(float("inf"))
    (144.0, 0.00123, None)
    """
    return None if value is None or not math.isfinite(value) else float(f"{value:.{digits}g}")
