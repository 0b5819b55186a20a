"""What was claimed, and what became of it: the verdicts of tests, with all that each rests on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dspysota.claims import Verdict
from dspysota.report import verdicts
from dspysota.report.markdown import plain
from dspysota.report.meta import ReportMeta


def claims(meta: ReportMeta) -> list[str]:
    """A verdict a claim, in the order of the tests, with its criteria and notes below it; nothing where none was made.

    A claim that several tests made stands once.
    """
    made = list(dict.fromkeys(one.verdict for one in meta.verdicts))
    if not made:
        return []
    lines = ["### Claims", ""]
    for verdict in made:
        lines += [f"- **{verdict.outcome}**: {plain(verdict.sides)}", *_below(_rests_on(verdict))]
    quotes = [plain(verdicts.quoted(quote)) for quote in meta.published]
    return [*lines, *(f"- {quote}" for quote in quotes), ""]


def _rests_on(verdict: Verdict) -> Sequence[str]:
    return [*(one.sentence() for one in verdict.criteria), *verdict.notes]


def _below(sentences: Iterable[str]) -> list[str]:
    return [f"  - {plain(one)}" for one in sentences]
