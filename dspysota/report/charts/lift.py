"""The steps to one optimized program, each with its score."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dspysota.lift import Ladder, label
from dspysota.report.charts import spec
from dspysota.report.charts.figure import Figure, Head, Line
from dspysota.report.charts.spec import Frame, Mark, Scale, Spec, at, of, value
from dspysota.report.text import changed, count, score, scored, tokens
from dspysota.report.view import RunView

ROW, BESIDE, BEHIND = 30, 112, 46
"""Height of a step, and pixels for its name before it and its score behind it."""


def figure(ladder: Ladder, views: Mapping[str, RunView], model: int, top: float) -> Figure:
    """The chart of a ladder; `top` is the end of the axis, the same for all ladders of a data set."""
    view = views[ladder.run_key]
    return Figure(
        title=f"{view.number} {view.run.info.model.name} {view.variant}",
        unit=ladder.data,
        words=f"{ladder.metric}, step by step: {'; '.join(_words(ladder))}",
        first="Step",
        columns=("Program", f"{ladder.metric} [95%]", "Difference [95%]", "Tokens", "Errors"),
        lines=tuple(_lines(ladder, views)),
        wide=_spec(ladder, model, top),
        left=("Program",),
    )


def _words(ladder: Ladder) -> Iterator[str]:
    for step in ladder.steps:
        said = scored(step.score, step.interval) if step.score is not None else f"{step.state}, {step.remark}"
        yield f"{label(step.name)} {said}"


def _lines(ladder: Ladder, views: Mapping[str, RunView]) -> Iterator[Line]:
    for step in ladder.steps:
        view = views.get(step.run_key or "")
        program = step.described
        if step.state == "measured":
            change = changed(step.change.value, step.change.interval) if step.change else "–"
        else:
            change = step.state
            program += f" ({step.remark})"
        used = count(step.tokens) if step.score is None else tokens(step.tokens)
        head = Head(label(step.name), *((view.number, view.anchor) if view else ()))
        yield Line(head, (program, scored(step.score, step.interval), change, used, f"{step.errors}"))


def _spec(ladder: Ladder, model: int, top: float) -> Spec:
    tall = ROW * len(ladder.steps)
    frame = Frame(width=spec.NARROW, height=tall + 48, left=BESIDE, right=BEHIND, top=4, bottom=44)
    axes = [spec.axis("bottom", "x", spec.steps(top))]
    marks = [*_names(ladder), *_steps(ladder, model, frame), *_axis(ladder, frame)]
    return spec.chart(frame, {"x": Scale(low=0, high=top)}, axes, marks)


def _names(ladder: Ladder) -> Iterator[Mark]:
    rows = [{"text": label(step.name), "y": _y(place)} for place, step in enumerate(ladder.steps)]
    yield spec.text(rows, x=value(-BESIDE), y=of("y"))
    missing = [
        {"text": "not measured", "y": _y(place)} for place, step in enumerate(ladder.steps) if step.score is None
    ]
    yield spec.text(missing, spec.SOFT, x=value(6), y=of("y"))


def _steps(ladder: Ladder, model: int, frame: Frame) -> Iterator[Mark]:
    rows = [
        {
            "score": step.score,
            "low": step.interval.low,
            "high": step.interval.high,
            "y": _y(place),
            "colour": spec.colour(model),
            "fill": spec.colour(model) if step.state == "measured" else spec.PAPER,
            "shape": spec.shape(model),
            "words": f"{label(step.name)}: {scored(step.score, step.interval)}",
            "text": score(step.score),
        }
        for place, step in enumerate(ladder.steps)
        if step.score is not None and step.interval is not None
    ]
    path = {"stroke": value(spec.SOFT), "strokeWidth": value(1.25), "strokeOpacity": value(0.75)}
    yield Mark("line", rows, {"x": at("x", "score"), "y": of("y"), **path})
    yield spec.rule(rows, 1.5, x=at("x", "low"), x2=at("x", "high"), y=of("y"))
    edge = {"stroke": of("colour"), "strokeWidth": value(1.5)}
    yield spec.dots(rows, 4.5, x=at("x", "score"), y=of("y"), fill=of("fill"), **edge)
    yield spec.text(rows, x=value(frame.across + BEHIND), y=of("y"), align=value("right"))


def _axis(ladder: Ladder, frame: Frame) -> Iterator[Mark]:
    below = {"x": value(frame.across), "y": value(frame.down + 34), "align": value("right")}
    yield spec.text([{"text": f"{ladder.metric} →"}], spec.SOFT, spec.SIZE - 1, **below)


def _y(place: int) -> float:
    return ROW * place + ROW / 2
