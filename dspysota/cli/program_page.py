"""How compiled programs look on a terminal. What a model or a file has said is text there, whatever it says."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib import metadata
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from dspysota import source
from dspysota.compiling.library import Stored, short
from dspysota.report.text import count, digest, one_line, tokens, visible
from dspysota.report.text import short as rounded

if TYPE_CHECKING:
    from dspysota.approaches.showing import Walk
    from dspysota.compiling.shape import PredictorState

PIPED_WIDTH = 240
"""Characters of a line that goes into a file or another program."""

MADE = "augmented"
"""DSPy's mark, among the fields of a demonstration, of one that a model answered."""

COLUMNS = ("key", "task", "program", "approach", "adapter", "model", "weights", "seed", "made (UTC)")
NUMBERS = ("calls", "tokens")


def print_table(entries: Iterable[Stored], known: Sequence[str]) -> None:
    """Print a line a program. `known` are the names that a short key must tell apart."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in COLUMNS:
        table.add_column(column, no_wrap=True)
    for column in NUMBERS:
        table.add_column(column, no_wrap=True, justify="right")
    table.add_column("demonstrations")
    for entry in entries:
        info = entry.meta.info
        cells = [
            short(entry.meta.key[:32], known),
            *(line(entry.part(name)) for name in ("task", "program", "approach", "adapter")),
            line(entry.model),
            line(digest(entry.weights)),
            line(entry.part("seed")),
            f"{entry.when:%Y-%m-%d %H:%M}",
            count(info.calls),
            tokens(info.usage.total_tokens),
            demonstrations(entry),
        ]
        table.add_row(*map(Text, cells))  # as text: square brackets in a name are no markup
    console = Console()
    (console if console.is_terminal else Console(width=PIPED_WIDTH)).print(table)


def page(entry: Stored, walk: Walk, question: str | None) -> Iterator[str]:
    """All there is to say of a program, in blocks of lines."""
    yield title(entry)
    yield from _facts(entry)
    for name, predictor in entry.predictors.items():
        yield f"\npredictor {line(name)}\n  instructions\n{quoted(predictor.signature.instructions)}"
        for number, demo in enumerate(predictor.demos, 1):
            by = ", by a model" if demo.get(MADE) else ""
            yield f"  demonstration {number} of {len(predictor.demos)}{by}"
            for field in sorted(demo.keys() - {MADE}, key=_order(predictor)):
                yield f"    {line(field)}\n{quoted(_said(demo[field]))}"
        if not predictor.demos:
            yield "  no demonstrations"
    asked = "the question given" if question else "a made-up question"
    yield f"\nwhat the model will see, for {asked}"
    for number, step in enumerate(walk.steps, 1):
        size = sum(len(turn.content) for turn in step.messages)
        yield f"\nrequest {number}, by {line(step.predictor)}: {len(step.messages)} messages, {size:,} characters"
        for turn in step.messages:
            yield f"  {line(turn.role)}\n{quoted(turn.content)}"
        if step.constraint:
            yield f"  the server keeps the output to\n{quoted(step.constraint)}"
    yield from _end(walk)


def title(entry: Stored) -> str:
    """One line that names a program."""
    names = (entry.part("task"), entry.part("program"), entry.part("approach"), entry.part("adapter"), entry.model)
    return f"{entry.meta.key[:8]}  {' · '.join(line(name) for name in names)}"


def cost(entry: Stored) -> str:
    """What its compilation took."""
    info = entry.meta.info
    usage = info.usage
    total, prompt, completion = usage.total_tokens, usage.prompt_tokens, usage.completion_tokens
    took = (
        "tokens not reported" if total is None else f"{total:,} tokens ({prompt:,} prompt, {completion:,} completion)"
    )
    usd = "" if info.usd is None else f", {rounded(info.usd)} USD"
    return f"{info.calls:,} calls, {took}{usd}, {rounded(info.seconds)} s"


def demonstrations(entry: Stored) -> str:
    """How many each predictor has."""
    return ", ".join(f"{line(name, 40)} {len(predictor.demos)}" for name, predictor in entry.predictors.items())


def foreign(entry: Stored) -> list[str]:
    """Why experiments of this installation would not take a program by themselves; nothing where they would."""
    here = {"code": source.digest(), "dspy": metadata.version("dspy")}
    other = [name for name, value in here.items() if entry.meta.parts.get(name) != value]
    if not other:
        return []
    with_ = " and ".join({"code": "other code of dspysota", "dspy": "another DSPy"}[name] for name in other)
    return [f"It was compiled with {with_}: it can be shown, but experiments here compile their own."]


def line(text: str, most: int = 200) -> str:
    """Somebody else's text on one line, with nothing in it that acts on a terminal."""
    return visible(one_line(text, most))


def quoted(text: str) -> str:
    """Somebody else's text behind a rule, so that no line of it passes for one of ours."""
    return "\n".join(f"    │ {part}" for part in visible(text).split("\n"))


def _facts(entry: Stored) -> Iterator[str]:
    info, versions = entry.meta.info, entry.meta.versions
    with_ = ", ".join(f"{line(name, 40)} {line(version, 40)}" for name, version in versions.items())
    yield f"  key      {entry.meta.key}"
    yield f"  weights  {line(entry.weights or 'not known: an endpoint by URL')}"
    if info.training:
        yield f"  trained  {info.training.digest}"
    yield f"  seed     {line(entry.part('seed'))}"
    yield f"  made     {entry.when:%Y-%m-%d %H:%M:%S} UTC{' with ' + with_ if with_ else ''}"
    yield f"  took     {cost(entry)}"
    if info.teacher:
        yield f"  teacher  {line(info.teacher)}"
    if info.validation_score is not None:
        yield f"  chosen   {info.validation_score:.3f} on {info.validation_rows} validation rows, of {info.candidates}"
    if info.stopped:
        yield f"  stopped  by the budget: {line(info.stopped)}"
    for note in info.notes:
        yield f"  note     {line(note, 500)}"


def _order(predictor: PredictorState) -> Callable[[str], tuple[int, str]]:
    """Fields in the order of the signature, of which a state holds the labels alone."""
    labels = [field.prefix.rstrip(": ").lower().replace(" ", "_") for field in predictor.signature.fields]
    return lambda name: (labels.index(name) if name in labels else len(labels), name)


def _said(value: Any) -> str:
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return "\n".join(value)
    return value if isinstance(value, str) else repr(value)


def _end(walk: Walk) -> Iterator[str]:
    if len(walk.steps) > 1:
        yield "\n(name n) stands for what the model answers to request n."
    if walk.missed:
        why = f": {line(walk.error)}" if walk.error else "."
        yield f"\nNot reached without a model's answers: {', '.join(map(line, walk.missed))}{why}"
