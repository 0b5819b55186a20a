"""An outlook as lines of text."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from dspysota.experiment.forecast.expect import Part
from dspysota.experiment.forecast.outlook import Outlook

HEAD = ("run", "cases", "calls", "prompt tok", "completion tok", "USD", "minutes")

FOOT = (
    "<=: at most. Minutes are those of asking, without loading models. Retries are not foreseen, and nothing is taken "
    "off for what an unfinished folder of the same command holds already."
)


def lines(outlook: Outlook) -> list[str]:
    """A heading, a line a run and a preparation, the totals, where the numbers come from, and what there is to say."""
    if not outlook.parts:
        return list(outlook.troubles)
    rows = [HEAD, *(_cells(part) for part in (*outlook.parts, total(outlook.parts)))]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    table = [_line(row, widths) for row in rows]
    whys: dict[str, list[str]] = {}
    for part in outlook.parts:
        for why in part.why:
            whys.setdefault(why, []).append(part.name.strip())
    everyone = sum(bool(part.cases) for part in outlook.parts)
    reasons = [f"  {why}: {_whose(names, everyone)}" for why, names in whys.items()]
    return [*table, FOOT, "where the numbers come from:", *reasons, *outlook.claims, *outlook.notes, *outlook.troubles]


def _whose(names: Sequence[str], everyone: int) -> str:
    return "all runs" if everyone > 1 and len(names) == everyone else ", ".join(dict.fromkeys(names))


def beyond(parts: Sequence[Part], usd: float | None, minutes: float | None) -> list[str]:
    """A sentence for each limit that the totals may go beyond, or that nothing can be said of."""
    whole, said = total(parts), []
    for flag, limit, expected in (("--sota-max-cost", usd, whole.usd), ("--sota-max-minutes", minutes, whole.minutes)):
        if limit is None or not parts:
            continue
        if expected is None:
            said.append(f"Whether {flag} {limit:g} suffices is not known.")
        elif expected > limit:
            said.append(f"{flag} {limit:g} may stop the command before its end, and the same command then goes on.")
    return said


def total(parts: Sequence[Part]) -> Part:
    """The sums; unknown where a part is unknown, at most where a part is."""

    def added(amount: Callable[[Part], float | None]) -> float | None:
        amounts = [amount(part) for part in parts]
        known = [one for one in amounts if one is not None]
        return sum(known) if len(known) == len(amounts) else None

    return Part(
        name="total",
        cases=sum(part.cases for part in parts),
        calls=added(lambda part: part.calls),
        prompt=added(lambda part: part.prompt),
        completion=added(lambda part: part.completion),
        usd=added(lambda part: part.usd),
        minutes=added(lambda part: part.minutes),
        most=frozenset[str]().union(*(part.most for part in parts)),
    )


def _cells(part: Part) -> tuple[str, ...]:
    def shown(name: str, value: float | None, digits: str = ",.0f") -> str:
        if value is None:
            return "unknown"
        return f"{'<= ' if name in part.most else ''}{value:{digits}}"

    return (
        part.name,
        f"{part.cases:,}" if part.cases else "",
        shown("calls", part.calls),
        shown("prompt", part.prompt),
        shown("completion", part.completion),
        shown("usd", part.usd, ",.4f" if part.usd is not None and part.usd < 1 else ",.2f"),
        shown("minutes", part.minutes, ",.1f"),
    )


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    first, *rest = (
        cell.ljust(width) if not column else cell.rjust(width)
        for column, (cell, width) in enumerate(zip(row, widths, strict=True))
    )
    return "  ".join((first, *rest)).rstrip()
