"""How run folders look on a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from dspysota.errors import RunError
from dspysota.history import Entry, entry, points
from dspysota.history.measured import Point
from dspysota.models.progress import human
from dspysota.report import text

PIPED_WIDTH = 240
"""Characters of a line that goes into a file or another program."""

COLUMNS = ("run", "started (UTC)", "profile", "status")
NUMBERS = ("runs", "cases", "size")
LAST = ("commit", "outcome", "command")


def print_runs(entries: Iterable[Entry]) -> None:
    """Print a line a run folder."""
    table = _table(COLUMNS, NUMBERS, LAST)
    for one in entries:
        cells = [
            one.name,
            when(one.started),
            one.profile or "–",
            one.status,
            f"{one.runs}+{one.measuring}" if one.measuring else text.count(one.runs),
            text.count(one.cases),
            human(one.bytes),
            ", ".join(commit[:8] for commit in one.commits) or "–",
            outcome(one),
            text.one_line(text.redacted(one.command), 100) or one.why,
        ]
        table.add_row(*map(_cell, cells))
    _print(table)


def print_baselines(entries: Iterable[Entry]) -> None:
    """Print a line a baseline."""
    table = _table(("baseline",), NUMBERS, ("commit", "data"))
    for one in entries:
        commits = ", ".join(commit[:8] for commit in one.commits) or "–"
        cells = [one.name, text.count(one.runs), text.count(one.cases), human(one.bytes), commits, ", ".join(one.tasks)]
        table.add_row(*map(_cell, cells))
    _print(table)


def outcome(one: Entry) -> str:
    """What tests made of the runs, in a few words.

    >>> outcome(Entry(name="x", status="finished", verdicts={"PASS": 2, "FAIL": 1}, cleared=8, missed=2))
    '1 FAIL, 2 PASS; 8/10 bars'
    >>> outcome(Entry(name="x", status="finished")), outcome(Entry(name="x", status="damaged"))
    ('not judged', '–')
    """
    if one.status == "damaged":
        return "–"
    order = ("FAIL", "INCONCLUSIVE", "DESCRIPTIVE", "PASS")
    said = [", ".join(f"{one.verdicts[word]} {word}" for word in order if word in one.verdicts)]
    judged = one.cleared + one.missed
    said.append(f"{one.cleared}/{judged} bars" if judged else "")
    said.append(f"{one.unmade} not measured" if one.unmade else "")
    return "; ".join(filter(None, said)) or "not judged"


def when(iso: str) -> str:
    """A moment as a person reads it, UTC.

    >>> when("2026-11-25T20:47:42.420+00:00"), when("")
    ('2026-11-25 20:47', '–')
    """
    try:
        return f"{datetime.fromisoformat(iso):%Y-%m-%d %H:%M}" if iso else "–"
    except ValueError:
        return "–"


def print_page(folder: Path) -> None:
    """Print what a folder holds."""
    one = entry(folder)
    for line in _head(one):
        print(text.visible(line))
    try:
        found = points(folder) if one.status != "damaged" else []
    except RunError as error:
        print(text.visible(f"  {error}"))
        return
    if found:
        print()
        _print(_scores(found))
    files = sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    exported = sorted(path for path in (folder / "exports").rglob("*") if path.is_file())
    print()
    for path in (*files, *exported):
        print(text.visible(f"  {path}  {human(path.stat().st_size)}"))


def as_json(folder: Path) -> dict[str, Any]:
    """The same for scripts: the folder as in the list, and its runs. Raises RunError where they cannot be read."""
    one = entry(folder)
    runs = points(folder) if one.status != "damaged" else []
    shown = {**one.model_dump(), "command": text.redacted(one.command)}
    return {"run": shown, "runs": [_plain(point) for point in runs]}


def _plain(point: Point) -> dict[str, Any]:
    left_out = ("folder", "place", "same_rows", "same_cost", "same_speed")
    # JSON has no infinity: an end that is not bounded is null, like one that is not known.
    values = {name: None if value == float("inf") else value for name, value in vars(point).items()}
    return {name: value for name, value in values.items() if name not in left_out}


def _head(one: Entry) -> Iterator[str]:
    yield f"{one.name}  {one.status}{f', profile {one.profile}' if one.profile else ''}"
    if one.why:
        yield f"  {one.why}"
    ended = f", ended {when(one.finished)}" if one.finished else ""
    if one.started:
        yield f"  started {when(one.started)} UTC{ended}"
    if one.command:
        yield f"  {text.redacted(' '.join(one.command.split()))}"
    if one.commits:
        yield f"  commit {', '.join(one.commits)}"
    more = f" and {one.measuring} under way" if one.measuring else ""
    yield f"  {one.runs} {'run' if one.runs == 1 else 'runs'}{more}, {one.cases:,} cases, {human(one.bytes)}"
    yield f"  {outcome(one)}"


def _scores(found: Sequence[Point]) -> Table:
    table = _table(
        ("data", "run"), ("cases", "score [95%]", "tokens a question", "cost a question", "p95 s"), ("bars",)
    )
    for point in found:
        badge = "" if point.provenance == "measured" else f" ({point.provenance})"
        interval = f" [{point.low:.3f}, {point.high:.3f}]" if point.low is not None else ""
        cells = [
            point.data,
            point.label + badge,
            f"{point.cases:,}" if point.cases >= point.rows else f"{point.cases:,}/{point.rows:,}",
            f"{text.score(point.score)}{interval} {point.metric}",
            text.tokens(point.tokens),
            text.amount(point.cost, point.unit) if point.cost is not None else "–",
            text.short(point.p95),
            point.verdict,
        ]
        table.add_row(*map(_cell, cells))
    return table


def _table(left: Sequence[str], numbers: Sequence[str], last: Sequence[str]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in left:
        table.add_column(column, no_wrap=True)
    for column in numbers:
        table.add_column(Text(column), no_wrap=True, justify="right")
    for column in last:
        table.add_column(column)
    return table


def _cell(words: str) -> Text:
    return Text(text.visible(" ".join(words.split())))  # as text: square brackets in a name are no markup


def _print(table: Table) -> None:
    console = Console()
    # Piped into a file or another program, a row is one line, whatever a terminal would be wide.
    (console if console.is_terminal else Console(width=PIPED_WIDTH)).print(table)
