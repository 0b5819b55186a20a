"""The charts of latency, failures, spending, lift and tasks: what they draw and what their tables say."""

import re

import pytest

from dspysota.records import CompileInfo, Failure, Phase, Prices, Run, TeacherPrices, TokenPrice, Usage
from dspysota.report import html
from dspysota.report.charts.failures import KINDS
from dspysota.report.sections import across, costs, failures, latency, lift
from tests.factories import make_call, make_case, make_grid, make_info, make_run
from tests.report.drawings import (
    LARGE,
    META,
    PRICE,
    SMALL,
    boxes,
    drawings,
    figures,
    found,
    many,
    place,
    shown,
    titled,
    walk,
)
from tests.report.test_html import Page


def test_only_measured_seconds_are_drawn():
    """Those of another machine do not belong on the same axis; the table of percentiles has them with their badge."""
    runs = [make_run(), make_run(key="r", provenance="replayed", approach="few_shot")]
    [figure] = figures(latency, runs)

    assert ["gsm8k · qwen2.5-coder-0.5b · cot · zero_shot"] == [line.head.words for line in figure.lines]
    assert [] == figures(latency, runs[1:])
    assert "Not measured here, and so only in the table below" in Page(html.render(runs, META)).text


def test_the_table_of_latencies_holds_what_is_drawn():
    """p50 lies where the table says, between the round seconds of the axis."""
    [figure] = figures(latency, many(3))
    drawing = drawings(figure)[0]
    ticks = {
        float(node.text): place(node, parents)[0]
        for node, parents in walk(drawing)
        if node.tag == "text" and re.fullmatch(r"[\d.]+", node.text or "") and node.get("text-anchor") == "middle"
    }
    spots = {int(title.split()[0]): x for title, x, _ in titled(drawing)}
    for line in figure.lines:
        below, above = (
            [x for tick, x in ticks.items() if tick <= float(line.cells[2])],
            [x for tick, x in ticks.items() if tick >= float(line.cells[2])],
        )
        assert max(below) - 0.6 <= spots[line.head.number] <= min(above) + 0.6


def test_failure_classes_are_in_the_order_of_the_enum():
    """From right answers over the mildest to the hardest, in table, bar and legend, and their numbers are all cases."""
    runs = make_grid(cases=60)
    for figure in figures(failures, runs):
        kinds = figure.columns[:-1]
        assert list(kinds) == [kind for kind in KINDS if kind in kinds]
        for line in figure.lines:
            assert sum(map(int, line.cells[:-1])) == int(line.cells[-1]) == 60
    assert KINDS[1:] == tuple(kind.value for kind in reversed(Failure))


def test_bars_are_as_long_as_the_table_says():
    """Widths of a bar's parts are the shares of the cases."""
    [figure] = figures(failures, [make_run([1.0] * 3 + [0.0])])
    paths = [node for node, _ in walk(drawings(figure)[0]) if node.find("title") is not None]
    widths = [float(found(r"h([\d.]+)", node.get("d"))) for node in paths]

    assert ("3", "1", "4") == figure.lines[0].cells
    assert widths[0] == pytest.approx(3 * widths[1], abs=0.05)


def taught(calls=10):
    spent = Usage(prompt_tokens=1_000_000, completion_tokens=0)
    phase = Phase(name="proposing", calls=calls, usage=spent + spent, by_model={SMALL: spent, LARGE: spent})
    compiled = CompileInfo(program_digest="c0" * 32, calls=calls, usage=spent + spent, phases=(phase,), teacher=LARGE)
    teacher = TeacherPrices(model=LARGE, tokens=TokenPrice(prompt=5.0, completion=5.0))
    prices = Prices(basis="list", tokens=PRICE, teacher=teacher)
    return make_run(approach="mipro", compile=compiled, prices=prices)


def test_what_the_teacher_took_is_shown_apart():
    """Its price is another one; in the bar, in the table, and in words."""
    reference = make_run(
        model_name=LARGE, role="reference", prices=Prices(basis="list", tokens=TokenPrice(prompt=5.0, completion=5.0))
    )
    spent = shown(costs, [taught(), reference])
    [figure] = spent["money"]
    small = next(line for line in figure.lines if "mipro" in line.head.words)

    assert ("4", "$0.00002", "$5.1", "$5") == small.cells[:4]
    assert small.cells[4].startswith("after ")
    assert "preparing $0.1" in figure.words
    assert "teacher $5" in figure.words


def test_tokens_are_split_as_the_server_told_them():
    """From the cache, other prompt tokens, completion; a server that did not say is left out."""
    call = make_call(usage=Usage(prompt_tokens=100, completion_tokens=40, cached_tokens=60))
    silent = Run(info=make_info(key="s"), cases=(make_case(calls=(make_call(usage=Usage(prompt_tokens=None)),)),))
    [figure] = shown(costs, [Run(info=make_info(), cases=(make_case(calls=(call,)),)), silent])["tokens"]

    assert [("60", "40", "40", "140")] == [line.cells for line in figure.lines]


def test_tasks_are_compared_where_the_same_was_prepared_for_several():
    """A row for a model and an approach, a mark for each data set; one task makes no comparison."""
    grid = make_grid(cases=12)
    figure = shown(across, grid)["chart"]

    assert ("gsm8k", "closed_world_hops") == figure.columns
    assert 5 == len(figure.lines)
    assert 10 == len(titled(drawings(figure)[0]))
    assert shown(across, grid[:5]) == {}


def test_a_ladder_has_a_mark_for_each_step_that_was_measured():
    """What was not is said in words, on the same axis for all ladders of a data set."""
    compiled = CompileInfo(
        program_digest="c0" * 32, unprepared_digest="5f" * 32, instructions_digest="5f" * 32, calls=9
    )
    runs = [make_run(adapter="chat"), make_run([1.0] * 4, approach="bootstrap", compile=compiled)]
    [(_, figure, _)] = shown(lift, runs)["ladders"]
    steps = {title.partition(":")[0] for title, _, _ in titled(drawings(figure)[0])}

    assert "unoptimized" in steps
    assert "+ demonstrations" in steps
    assert "format only" not in steps
    assert "not measured" in [box[0] for box in boxes(drawings(figure)[0])]
